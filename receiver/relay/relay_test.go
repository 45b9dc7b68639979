package relay

import (
	"errors"
	"net/http"
	"testing"
)

// The target is on this machine unless the operator says otherwise. Addresses are judged here, not
// dialled.
func TestTargetsStayOnThisMachine(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "127.9.9.9:80": true, "[::1]:80": true, "[::ffff:127.0.0.1]:80": true,
		"192.0.2.1:80": false, "10.0.0.1:80": false, "[2001:db8::1]:80": false, "169.254.169.254:80": false, "0.0.0.0:80": false, "[::]:80": false, "localhost:80": false,
	} {
		if err := loopbackOnly("tcp", address, nil); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A redirect would lead elsewhere than the operator said, and a proxy would dial in our place.
func TestNothingLeadsElsewhere(t *testing.T) {
	r, err := New("http://localhost:1/", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(r.client.CheckRedirect(nil, nil), http.ErrUseLastResponse) || r.client.Transport.(*http.Transport).Proxy != nil {
		t.Error("redirects are followed, or there is a proxy")
	}
}

func TestTargetsThatAreRefused(t *testing.T) {
	for _, url := range []string{"http://169.254.169.254/", "http://metadata.google.internal/", "ftp://localhost/", "localhost:3000", "http://", "http://%zz/"} {
		if _, err := New(url, true, nil); err == nil {
			t.Errorf("%s is taken as a target", url)
		}
	}
}
