package audience

import "testing"

func TestEndpointsThatAreTheSame(t *testing.T) {
	const first = "https://example.com/hook?list=7&token=a"
	for address, same := range map[string]bool{
		first: true,
		"https://example.com/hook?list=7&token=b":                   true,
		"https://example.com:443/hook?token=b&list=7":               true,
		"HTTPS://user:password@EXAMPLE.com/hook?list=7&Api_Key=c#d": true,
		"https://example.com/hook?list=7&sig=x&se=2026-01-01":       true,
		"https://example.com/hook?list=7&X-Amz-Date=1":              true,
		"https://example.com/hook?list=8&token=a":                   false,
		"https://example.com/hook?token=a":                          false,
		"https://example.com/hook/2?list=7&token=a":                 false,
		"https://example.org/hook?list=7&token=a":                   false,
		"https://example.com:8443/hook?list=7&token=a":              false,
	} {
		if got := endpoint("POST", address) == endpoint("POST", first); got != same {
			t.Errorf("%s is the same endpoint as %s: %v", address, first, got)
		}
	}
	if endpoint("PUT", first) == endpoint("POST", first) {
		t.Error("two methods are one endpoint")
	}
}
