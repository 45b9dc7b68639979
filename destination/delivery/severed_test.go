package delivery

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"slices"
	"syscall"
	"testing"

	"destination-webhook/destination/answer"
)

// severed ends an attempt as a server does that hangs up on a body.
func severed() (*http.Response, error) { return nil, syscall.ECONNRESET }

// connected is a transport that has a connection for each request.
type connected struct{ http.RoundTripper }

func (c connected) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GotConn(httptrace.GotConnInfo{})
	trace.WroteRequest(httptrace.WroteRequestInfo{})
	return c.RoundTripper.RoundTrip(r)
}

// A large body of several rows on which the endpoint hangs up is tried three times, and divided.
func TestBodyOnWhichTheEndpointHangsUpIsDivided(t *testing.T) {
	type step = func() (*http.Response, error)
	for name, tt := range map[string]struct {
		rows, size, most int
		steps            []step
		attempts         int
		kind             answer.Kind
	}{
		"three in a row":        {2, 100 << 10, 10, []step{severed}, 3, answer.Severed},
		"interrupted":           {2, 100 << 10, 10, []step{severed, severed, status(502), severed}, 6, answer.Severed},
		"a single row":          {1, 100 << 10, 10, []step{severed}, 10, answer.Transient},
		"a small body":          {2, 64 << 10, 10, []step{severed}, 10, answer.Transient},
		"fewer attempts":        {2, 100 << 10, 2, []step{severed}, 2, answer.Severed},
		"a timeout":             {2, 100 << 10, 10, []step{broken(context.DeadlineExceeded)}, 10, answer.Transient},
		"an answer that breaks": {2, 100 << 10, 10, []step{severed, severed, status(503), severed, status(400)}, 5, answer.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				limits := patient
				limits.MaxAttempts = tt.most
				c := New(Options{Transport: connected{script(tt.steps...)}, Retry: limits})
				r := post(string(make([]byte, tt.size)))
				r.Rows = tt.rows
				_, err := c.Deliver(t.Context(), r)
				if f := failureOf(t, err); f.Kind != tt.kind || f.Attempts != tt.attempts {
					t.Errorf("%v after %d attempts, want %v after %d", f.Kind, f.Attempts, tt.kind, tt.attempts)
				}
			})
		})
	}
}

// The size is remembered once the rows passed in smaller bodies, and not before: the endpoint may
// hang up for another reason.
func TestSizeOnWhichTheEndpointHangsUpIsRemembered(t *testing.T) {
	c := New(Options{Transport: script(status(200)), Retry: RetryOptions{MaxAttempts: 1}})
	size := 100 << 10
	r := post(string(make([]byte, size/2)))
	if _, err := c.Deliver(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	got := []int{c.Fitting(r.URL, size, 10)}
	c.Passed(&Failure{Kind: answer.Severed, Size: size, Rows: 10}, r.URL)
	got = append(got, c.Fitting(r.URL, size, 10), c.Fitting(r.URL, size/2, 10))
	if want := []int{10, 5, 10}; !slices.Equal(got, want) {
		t.Errorf("before, after, and of half the size %v rows may be sent, want %v", got, want)
	}
}
