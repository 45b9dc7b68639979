package delivery

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// roundTrip is a RoundTripper made of a function. It reads and closes the body first, as every
// RoundTripper must.
type roundTrip func(r *http.Request, body string) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	return f(r, string(data))
}

// reader is a RoundTripper that does with the body as it likes.
type reader func(r *http.Request) (*http.Response, error)

func (f reader) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// untilDone ends an attempt with its context, as a transport does.
type untilDone struct{ http.RoundTripper }

func (u untilDone) RoundTrip(r *http.Request) (*http.Response, error) {
	type result struct {
		res *http.Response
		err error
	}
	done := make(chan result, 1)
	go func() {
		res, err := u.RoundTripper.RoundTrip(r)
		done <- result{res, err}
	}()
	select {
	case d := <-done:
		return d.res, d.err
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// answer makes a response; header alternates names and values.
func reply(status int, body string, header ...string) *http.Response {
	h := make(http.Header)
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// script answers one attempt after the other with the given steps, the last of them forever.
func script(steps ...func() (*http.Response, error)) http.RoundTripper {
	var mu sync.Mutex
	n := 0
	return roundTrip(func(*http.Request, string) (*http.Response, error) {
		mu.Lock()
		step := steps[min(n, len(steps)-1)]
		n++
		mu.Unlock()
		return step()
	})
}

func status(code int, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return reply(code, "", header...), nil }
}

func broken(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

// patient is a policy under which nothing ends before a day has passed.
var patient = RetryOptions{MaxAttempts: 1 << 30, InitialInterval: time.Second, MaxInterval: time.Minute, MaxElapsed: 24 * time.Hour}

// log collects attempts.
type log struct {
	mu       sync.Mutex
	attempts []Attempt
}

func (l *log) add(a Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, a)
}

func (l *log) all() []Attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Attempt(nil), l.attempts...)
}

// post is a request to the fake endpoint.
func post(body string) Request {
	return Request{Method: http.MethodPost, URL: "https://endpoint.test/hook?token=hunter2", ID: "id", Body: []byte(body)}
}

// bubble runs a test on synctest's clock.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// masks returns a function that masks some secrets.
func masks(secrets ...string) func(string) string {
	return func(s string) string {
		for _, secret := range secrets {
			s = strings.ReplaceAll(s, secret, "[redacted]")
		}
		return s
	}
}
