package delivery

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// failure is err as a *Failure; it ends the test when it is none.
func failure(t *testing.T, err error) *Failure {
	t.Helper()
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("got error %v, want a *Failure", err)
	}
	return f
}

func TestDeliverRetriesForADay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		start := time.Now()
		c := New(Options{Retry: patient, Transport: roundTrip(func(*http.Request, string) (*http.Response, error) {
			if time.Since(start) < 23*time.Hour {
				return nil, syscall.ECONNREFUSED
			}
			return answer(200, "done"), nil
		})})
		res, err := c.Deliver(t.Context(), post("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if string(res.Body) != "done" || res.Status != 200 || res.Attempts < 23*60 {
			t.Errorf("got %d %q after %d attempts, want 200 done after one or two a minute", res.Status, res.Body, res.Attempts)
		}
	})
}

func TestDeliverEndsAtItsBounds(t *testing.T) {
	refused := broken(syscall.ECONNREFUSED)
	for _, test := range []struct {
		name     string
		limits   RetryOptions
		step     func() (*http.Response, error)
		attempts int
		most     time.Duration
	}{
		{"attempts", RetryOptions{MaxAttempts: 3, InitialInterval: time.Second, MaxInterval: time.Minute}, refused, 3, 6 * time.Second},
		{"one attempt", RetryOptions{MaxAttempts: 1, InitialInterval: time.Second, MaxInterval: time.Minute}, refused, 1, 0},
		{"a wait beyond the elapsed time is not begun", RetryOptions{MaxAttempts: 9, MaxElapsed: time.Minute}, status(500, "Retry-After", "61"), 1, 0},
		{"a pause beyond the elapsed time is not begun", RetryOptions{MaxAttempts: 9, MaxElapsed: time.Minute}, status(503, "Retry-After", "61"), 1, 0},
		{"a pause within it is", RetryOptions{MaxAttempts: 9, MaxElapsed: time.Minute}, status(503, "Retry-After", "25"), 3, 50 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				start := time.Now()
				c := New(Options{Retry: test.limits, Transport: script(test.step)})
				_, err := c.Deliver(t.Context(), post("{}"))
				f := failure(t, err)
				if f.Kind != Transient || f.Attempts != test.attempts {
					t.Errorf("got %v after %d attempts, want transient after %d", f.Kind, f.Attempts, test.attempts)
				}
				if took := time.Since(start); took > test.most {
					t.Errorf("it took %v, want at most %v", took, test.most)
				}
			})
		})
	}
}

func TestCancelEndsEveryWaitAtOnce(t *testing.T) {
	for name, transport := range map[string]http.RoundTripper{
		"between attempts": script(status(500, "Retry-After", "300")),
		"at the gate":      script(status(503, "Retry-After", "300")),
		"in an attempt": roundTrip(func(r *http.Request, _ string) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				reason := errors.New("the sync was aborted")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Minute, func() { cancel(reason) })
				start := time.Now()
				_, err := New(Options{Retry: patient, Transport: transport}).Deliver(ctx, post("{}"))
				f := failure(t, err)
				if f.Kind != Canceled || !errors.Is(err, reason) || f.Attempts != 1 {
					t.Errorf("got %v after %d attempts: %v", f.Kind, f.Attempts, err)
				}
				if took := time.Since(start); took != time.Minute {
					t.Errorf("it returned after %v, want a minute", took)
				}
			})
		})
	}
}
