package delivery

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An attempt notes what of the connection it had to make, in the order of time, and nothing unless
// it was asked to.
func TestPhases(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	for _, asked := range []bool{true, false} {
		var attempts []Attempt
		transport := server.Client().Transport.(*http.Transport).Clone()
		c := New(Options{Transport: transport, Retry: RetryOptions{MaxAttempts: 1}, Phases: asked, OnAttempt: func(a Attempt) { attempts = append(attempts, a) }})
		for range 2 {
			if _, err := c.Deliver(t.Context(), Request{Method: http.MethodPost, URL: server.URL, Body: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
		transport.CloseIdleConnections()
		want := [][]string{{"connect.start", "connect.done", "tls.start", "tls.done", "first_byte"}, {"first_byte"}}
		if !asked {
			want = [][]string{nil, nil}
		}
		var got [][]string
		for _, a := range attempts {
			var names []string
			for i, p := range a.Phases {
				names = append(names, p.Name)
				if i > 0 && p.At.Before(a.Phases[i-1].At) {
					t.Errorf("%s is before %s", p.Name, a.Phases[i-1].Name)
				}
			}
			got = append(got, names)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("asked %t (-want +got):\n%s", asked, diff)
		}
	}
}
