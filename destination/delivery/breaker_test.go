package delivery

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"destination-webhook/destination/answer"
)

// arrivals counts requests per moment of virtual time.
type arrivals struct {
	mu    sync.Mutex
	start time.Time
	at    []time.Duration
}

func (a *arrivals) note() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.start.IsZero() {
		a.start = time.Now()
	}
	a.at = append(a.at, time.Since(a.start))
	return len(a.at)
}

func (a *arrivals) between(from, to time.Duration) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, at := range a.at {
		if from <= at && at < to {
			n++
		}
	}
	return n
}

// deliverAll runs n deliveries in parallel and returns their errors.
func deliverAll(ctx context.Context, c *Client, n int) (failed []error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if _, err := c.Deliver(ctx, post("{}")); err != nil {
				mu.Lock()
				failed = append(failed, err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return failed
}

func TestOverloadHoldsEveryDeliveryAndOneProbeGoesFirst(t *testing.T) {
	for _, refusal := range []int{429, 503} {
		bubble(t, func(t *testing.T) {
			var seen arrivals
			c := New(Options{Retry: patient, Transport: roundTrip(func(*http.Request, string) (*http.Response, error) {
				n := seen.note()
				time.Sleep(time.Second) // so that all of them are in flight together
				if n <= 17 {            // 16 workers, then the first probe
					return reply(refusal, "", "Retry-After", "60"), nil
				}
				return reply(200, ""), nil
			})})
			if failed := deliverAll(t.Context(), c, 16); failed != nil {
				t.Fatal(failed)
			}
			for _, want := range []struct {
				from, to time.Duration
				n        int
				what     string
			}{
				{0, time.Second, 16, "at the start"},
				{time.Second, 61 * time.Second, 0, "in the pause"},
				{61 * time.Second, 62 * time.Second, 1, "as the probe"},
				{62 * time.Second, 122 * time.Second, 0, "in the second pause"},
				{122 * time.Second, 123 * time.Second, 1, "as the second probe"},
				{123 * time.Second, time.Hour, 15, "when the breaker is closed"},
			} {
				if got := seen.between(want.from, want.to); got != want.n {
					t.Errorf("%d: %d requests %s, want %d", refusal, got, want.what, want.n)
				}
			}
		})
	}
}

func TestOverloadWithoutRetryAfterBacksOffTogether(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var seen arrivals
		c := New(Options{Retry: patient, Transport: roundTrip(func(*http.Request, string) (*http.Response, error) {
			if seen.note(); time.Since(seen.start) < time.Hour {
				return reply(503, ""), nil
			}
			return reply(200, ""), nil
		})})
		if failed := deliverAll(t.Context(), c, 50); failed != nil {
			t.Fatal(failed)
		}
		// One probe per pause of half a minute on average, however many wait.
		if n := seen.between(10*time.Minute, 50*time.Minute); n < 40 || n > 160 {
			t.Errorf("%d requests in 40 minutes of an outage, want about 80", n)
		}
	})
}

func TestOverloadOfOneEndpointLeavesOthersAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := New(Options{Retry: patient, Transport: roundTrip(func(r *http.Request, _ string) (*http.Response, error) {
			if r.URL.Host == "endpoint.test" {
				return reply(503, "", "Retry-After", "300"), nil
			}
			return reply(200, ""), nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go func() { _, _ = c.Deliver(ctx, post("{}")) }()
		synctest.Wait()
		start := time.Now()
		other := post("{}")
		other.URL = "https://endpoint.test:8443/hook"
		if _, err := c.Deliver(ctx, other); err != nil || time.Since(start) > 0 {
			t.Errorf("after %v: %v, want success at once", time.Since(start), err)
		}
	})
}

// An outage that outlasts MaxElapsed ends every delivery, also those that had no attempt yet, and
// soon after the outage began, not after their own.
func TestOutageBeyondMaxElapsedEndsAllDeliveries(t *testing.T) {
	bubble(t, func(t *testing.T) {
		limits := RetryOptions{MaxAttempts: 1000, InitialInterval: time.Second, MaxInterval: time.Minute, MaxElapsed: 30 * time.Minute}
		c := New(Options{Retry: limits, Concurrency: 4, Transport: script(status(503))})
		start := time.Now()
		failed := deliverAll(t.Context(), c, 16)
		if len(failed) != 16 {
			t.Fatalf("%d of 16 deliveries failed", len(failed))
		}
		for _, err := range failed {
			if f := failureOf(t, err); f.Kind != answer.Transient {
				t.Errorf("got %v, want transient: %v", f.Kind, f)
			}
		}
		if took := time.Since(start); took > 61*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

func TestUsedUpRateLimitPausesAfterASuccess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var seen arrivals
		c := New(Options{Retry: patient, Concurrency: 1, Transport: roundTrip(func(*http.Request, string) (*http.Response, error) {
			if seen.note()%10 == 0 {
				return reply(200, "", "RateLimit", `"minute";r=0;t=60`), nil
			}
			return reply(200, "", "RateLimit", `"minute";r=1;t=60`), nil
		})})
		if failed := deliverAll(t.Context(), c, 25); failed != nil {
			t.Fatal(failed)
		}
		for minute, want := range []int{10, 10, 5} {
			from := time.Duration(minute) * time.Minute
			if got := seen.between(from, from+time.Minute); got != want {
				t.Errorf("%d requests in minute %d, want %d", got, minute, want)
			}
		}
	})
}

func TestCanceledProbePassesTheTurnOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n atomic.Int64
		c := New(Options{Retry: patient, Transport: roundTrip(func(r *http.Request, _ string) (*http.Response, error) {
			switch n.Add(1) {
			case 1:
				return reply(503, "", "Retry-After", "60"), nil
			case 2: // the probe hangs until its delivery is canceled
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return reply(200, ""), nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		hung := make(chan error)
		go func() {
			_, err := c.Deliver(ctx, post("{}"))
			hung <- err
		}()
		synctest.Wait()
		time.Sleep(90 * time.Second)
		start := time.Now()
		if _, err := c.Deliver(t.Context(), post("{}")); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("the next one waited %v, want 30s, until the probe was canceled", took)
		}
		if err := <-hung; !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// The answers to requests that were in flight together are one sign of overload, not sixteen: the
// pause grows once.
func TestBreakerCountsOneOverloadOnce(t *testing.T) {
	g := newBreaker(RetryOptions{InitialInterval: time.Second, MaxInterval: time.Hour})
	now := time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)
	for range 100 {
		g.leave(permit{epoch: 0}, overloaded, 0, now)
	}
	if g.pauses != 1 || g.until.Sub(now) > time.Second {
		t.Errorf("%d pauses, %v long, want one of at most a second", g.pauses, g.until.Sub(now))
	}
	g.leave(permit{epoch: 0}, answered, 0, now)
	if !g.open {
		t.Error("the late answer to an earlier request closed the breaker")
	}
	p, wait, _, err := g.try(now.Add(time.Minute), time.Time{})
	if err != nil || wait != 0 || !p.probe {
		t.Fatalf("got %+v, %v, %v, want a probe", p, wait, err)
	}
	if _, wait, _, _ := g.try(now.Add(time.Minute), time.Time{}); wait == 0 {
		t.Error("a second probe went along with the first")
	}
	g.leave(p, unanswered, 0, now.Add(time.Minute))
	if g.pauses != 2 || !g.open {
		t.Errorf("a probe without an answer left %d pauses and open %v, want 2 and true", g.pauses, g.open)
	}
}
