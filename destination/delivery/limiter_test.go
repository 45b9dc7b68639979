package delivery

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// simulated is an endpoint that works on capacity requests in parallel. More of them wait in its
// queue, or are refused.
type simulated struct {
	capacity int
	refuses  bool
	work     func(*rand.Rand) time.Duration

	mu     sync.Mutex
	random *rand.Rand
	busy   int
	slots  chan struct{}
}

func (s *simulated) RoundTrip(*http.Request) (*http.Response, error) {
	s.mu.Lock()
	work := s.work(s.random)
	s.busy++
	over := s.refuses && s.busy > s.capacity
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.busy--
		s.mu.Unlock()
	}()
	if over {
		return reply(503, ""), nil
	}
	s.slots <- struct{}{}
	time.Sleep(work) // the bubble's clock
	<-s.slots
	return reply(200, ""), nil
}

const simulatedTime = 3 * time.Minute

// run keeps 16 workers busy for a while and counts what was delivered, and how many attempts were
// in flight on average in the second half.

func (s *simulated) run(t *testing.T, concurrency int, adaptive bool) (delivered int64, inFlight float64) {
	bubble(t, func(t *testing.T) {
		s.random, s.slots, s.busy = rand.New(rand.NewPCG(1, 2)), make(chan struct{}, s.capacity), 0
		c := New(Options{
			Transport: s, Concurrency: concurrency, Adaptive: adaptive,
			Retry: RetryOptions{MaxAttempts: 1000, InitialInterval: 500 * time.Millisecond, MaxInterval: 30 * time.Second},
		})
		ctx, cancel := context.WithTimeout(t.Context(), simulatedTime)
		defer cancel()
		var done atomic.Int64
		var workers sync.WaitGroup
		for range 16 {
			workers.Go(func() {
				for ctx.Err() == nil {
					if _, err := c.Deliver(ctx, post("{}")); err == nil {
						done.Add(1)
					}
				}
			})
		}
		time.Sleep(simulatedTime / 2)
		samples, sum := 0, 0
		for ; ctx.Err() == nil; samples++ {
			time.Sleep(simulatedTime/200 + 17*time.Millisecond) // not in step with the work
			s.mu.Lock()
			sum += s.busy
			s.mu.Unlock()
		}
		workers.Wait()
		delivered, inFlight = done.Load(), float64(sum)/float64(samples)
	})
	return delivered, inFlight
}

func constant(d time.Duration) func(*rand.Rand) time.Duration {
	return func(*rand.Rand) time.Duration { return d }
}

func scattered(d time.Duration) func(*rand.Rand) time.Duration {
	return func(r *rand.Rand) time.Duration { return time.Duration((0.5 + r.Float64()) * float64(d)) }
}

func longTailed(d time.Duration) func(*rand.Rand) time.Duration {
	return func(r *rand.Rand) time.Duration { return time.Duration((0.2 + 0.8*r.ExpFloat64()) * float64(d)) }
}

func TestAdaptiveConvergesToTheCapacity(t *testing.T) {
	const work = 100 * time.Millisecond
	for _, test := range []struct {
		name        string
		endpoint    *simulated
		least, most float64 // in flight
	}{
		{"one that queues", &simulated{capacity: 4, work: constant(work)}, 3.5, 6},
		{"one that queues, scattered", &simulated{capacity: 4, work: scattered(work)}, 3.5, 6},
		{"one that queues, long tail", &simulated{capacity: 4, work: longTailed(work)}, 3, 6},
		{"one that refuses", &simulated{capacity: 4, refuses: true, work: constant(work)}, 3, 4.1},
		{"one that refuses, scattered", &simulated{capacity: 4, refuses: true, work: scattered(work)}, 3, 4.1},
		{"one with room for all", &simulated{capacity: 64, work: constant(work)}, 14, 16},
	} {
		t.Run(test.name, func(t *testing.T) {
			best := int64(0)
			for _, concurrency := range []int{3, 4, 6, 16} {
				got, _ := test.endpoint.run(t, concurrency, false)
				best = max(best, got)
			}
			got, inFlight := test.endpoint.run(t, 16, true)
			if 10*got < 9*best {
				t.Errorf("it delivered %d, the best fixed number %d: want at most 10 %% less", got, best)
			}
			if inFlight < test.least || inFlight > test.most {
				t.Errorf("%.1f attempts were in flight, want %v to %v", inFlight, test.least, test.most)
			}
			t.Logf("%d of %d delivered, %.1f in flight", got, best, inFlight)
		})
	}
}

// teach plays rounds of samples with the given latency and returns the limit.
func teach(a *limiter, now *time.Time, rounds int, latency time.Duration) int {
	for range rounds * 100 {
		*now = now.Add(latency)
		a.observe(sample{started: *now, latency: latency, full: true}, *now)
	}
	return a.current()
}

func TestLimiterGetsUsedToSlowerWork(t *testing.T) {
	now := time.Unix(0, 0)
	a := newLimiter(16)
	if got := teach(a, &now, 20, 100*time.Millisecond); got != 16 {
		t.Fatalf("the limit is %d while latency is constant, want 16", got)
	}
	lowest := a.current()
	for range 1000 {
		lowest = min(lowest, teach(a, &now, 1, 300*time.Millisecond))
	}
	if lowest != 1 || a.current() != 16 {
		t.Errorf("the limit fell to %d and went back to %d, want 1 and 16", lowest, a.current())
	}
}

func TestLimiterCountsOneOverloadOnce(t *testing.T) {
	now := time.Unix(0, 0)
	a := newLimiter(16)
	teach(a, &now, 20, 100*time.Millisecond)
	started := now
	for range 16 { // in flight together, refused together
		now = now.Add(time.Millisecond)
		a.observe(sample{started: started, overloaded: true}, now)
	}
	if a.current() != 12 {
		t.Errorf("the limit is %d after 16 answers to one overload, want 12", a.current())
	}
	if got := teach(a, &now, 1, time.Millisecond); got > 15 {
		t.Errorf("the limit went back to %d at once, want it held at 15", got)
	}
	now = now.Add(holdLoad)
	if got := teach(a, &now, 20, time.Millisecond); got != 16 {
		t.Errorf("the limit is %d after the hold, want 16 again", got)
	}
}

func TestLimiterStaysWhenSlotsAreFree(t *testing.T) {
	now := time.Unix(0, 0)
	a := newLimiter(16)
	for range 1000 {
		now = now.Add(time.Second)
		a.observe(sample{started: now, latency: time.Second}, now)
	}
	if a.current() != 1 {
		t.Errorf("the limit grew to %d though one slot sufficed", a.current())
	}
}
