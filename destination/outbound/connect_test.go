package outbound

import (
	"net/url"
	"testing"
)

func TestPort(t *testing.T) {
	for address, want := range map[string]string{
		"http://h": "80", "https://h": "443", "socks5://h": "1080", "socks5h://h": "1080", "https://h:8443": "8443",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := port(u); got != want {
			t.Errorf("%s: port %s, want %s", address, got, want)
		}
	}
}
