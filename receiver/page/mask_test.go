package page

import (
	"net/http"
	"testing"
)

func TestMaskedURL(t *testing.T) {
	tests := map[string]string{
		"/a/b":                     "/a/b",
		"/a?source=x&api_key=abc":  "/a?source=" + masked + "&api_key=" + masked,
		"/a?Access%5FToken=abc&b":  "/a?Access%5FToken=" + masked + "&" + masked,
		"/a?code=1&sig=a=b&%zz=%3": "/a?code=" + masked + "&sig=" + masked + "&%zz=" + masked,
	}
	for url, want := range tests {
		if got := maskedURL(url); got != want {
			t.Errorf("%s is shown as %s, want %s", url, got, want)
		}
	}
}

func TestMaskedHeaders(t *testing.T) {
	tests := map[string]string{
		"Authorization": "Bearer " + masked, "Proxy-Authorization": "Bearer " + masked,
		"X-Auth": masked, "X-Auth-Key": masked, "X-Access-Key": masked, "X-Functions-Key": masked, "Ocp-Apim-Subscription-Key": masked,
		"X-Session-Id": masked, "X-Jwt": masked, "X-Webhook-Token": masked, "Cookie": masked,
		"Content-Type": "Bearer hush", "User-Agent": "Bearer hush", "Webhook-Id": "Bearer hush", "Airbyte-Stream": "Bearer hush", "Accept-Encoding": "Bearer hush",
	}
	for name, want := range tests {
		got := maskedHeaders(http.Header{name: {"Bearer hush"}})
		if got[0].Value != want {
			t.Errorf("%s is shown as %s, want %s", name, got[0].Value, want)
		}
	}
}
