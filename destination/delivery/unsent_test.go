package delivery

import (
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination/answer"
)

// noToken is the failure of a server that the request needed.
type noToken struct{ answer *http.Response }

func (e *noToken) Error() string { return "fetching a token from id.test: it answered 503" }
func (e *noToken) Answer() (int, http.Header) {
	if e.answer == nil {
		return 0, nil
	}
	return e.answer.StatusCode, e.answer.Header
}

// withoutToken fails over a kept connection to another server: the trace of the request sees that
// one.
func withoutToken(e *noToken) http.RoundTripper {
	return roundTrip(func(r *http.Request, _ string) (*http.Response, error) {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{Reused: true})
		return nil, e
	})
}

// What the request needed failed: the message says so, the wait is what that server asks for, and
// the endpoint is not held to have closed a connection or to be slow.
func TestUnsentRequests(t *testing.T) {
	for name, tt := range map[string]struct {
		err   *noToken
		waits []time.Duration
	}{
		"asks to wait": {&noToken{reply(503, "", "Retry-After", "7")}, []time.Duration{7 * time.Second, 7 * time.Second, 0}},
		"no answer":    {&noToken{}, []time.Duration{-1, -1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var attempts log
				limits := patient
				limits.MaxAttempts = 3
				client := New(Options{Transport: withoutToken(tt.err), Retry: limits, OnAttempt: attempts.add, Concurrency: 8, Adaptive: true})
				_, err := client.Deliver(t.Context(), post("{}"))
				var f *Failure
				if !errors.As(err, &f) || f.Kind != answer.Transient || !strings.Contains(f.Error(), "was not sent") || !strings.Contains(f.Error(), "id.test") {
					t.Fatalf("got %v", err)
				}
				if n := len(attempts.all()); n != len(tt.waits) {
					t.Fatalf("%d attempts, want %d", n, len(tt.waits))
				}
				for i, a := range attempts.all() {
					if want := tt.waits[i]; want >= 0 && a.Wait != want || want < 0 && (a.Wait <= 0 || a.Wait > limits.MaxInterval) {
						t.Errorf("after attempt %d it waits %v, want %v", a.N, a.Wait, want)
					}
				}
			})
		})
	}
}
