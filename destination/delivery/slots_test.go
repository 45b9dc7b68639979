package delivery

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestConcurrencyBoundsAttemptsInFlight(t *testing.T) {
	for _, limit := range []int{0, 1, 3, 16} {
		bubble(t, func(t *testing.T) {
			var busy, most atomic.Int64
			c := New(Options{Retry: patient, Concurrency: limit, Transport: roundTrip(func(*http.Request, string) (*http.Response, error) {
				most.Store(max(most.Load(), busy.Add(1)))
				time.Sleep(time.Second)
				busy.Add(-1)
				return reply(200, ""), nil
			})})
			start := time.Now()
			if failed := deliverAll(t.Context(), c, 48); failed != nil {
				t.Fatal(failed)
			}
			want := limit
			if limit == 0 {
				want = 48
			}
			if most.Load() != int64(want) || time.Since(start) != time.Duration(48/want)*time.Second {
				t.Errorf("limit %d: %d at once, in %v", limit, most.Load(), time.Since(start))
			}
		})
	}
}

func TestSlotsServeInOrderAndForgetTheCanceled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSlots(1, false)
		if err := s.acquire(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		canceled, cancel := context.WithCancel(t.Context())
		order := make(chan int, 3)
		for i, ctx := range []context.Context{t.Context(), canceled, t.Context()} {
			go func() {
				if s.acquire(ctx, nil) == nil {
					order <- i
				}
			}()
			synctest.Wait()
		}
		cancel()
		synctest.Wait()
		for range 3 {
			s.release()
			synctest.Wait()
		}
		close(order)
		var got []int
		for i := range order {
			got = append(got, i)
		}
		if len(got) != 2 || got[0] != 0 || got[1] != 2 || s.busy != 0 || len(s.queue) != 0 {
			t.Errorf("served %v, %d busy, %d in the queue, want 0 and 2 and nobody left", got, s.busy, len(s.queue))
		}
	})
}

// A delivery that waits for a slot ends with the client, and leaves the queue.
func TestStopEndsTheWaitForASlot(t *testing.T) {
	s, stopped := newSlots(1, false), make(chan struct{})
	if err := s.acquire(t.Context(), stopped); err != nil {
		t.Fatal(err)
	}
	close(stopped)
	if err := s.acquire(t.Context(), stopped); !errors.Is(err, errStopped) {
		t.Errorf("the wait ends with %v, want %v", err, errStopped)
	}
	if s.busy != 1 || len(s.queue) != 0 {
		t.Errorf("%d busy, %d in the queue, want 1 and nobody", s.busy, len(s.queue))
	}
}

// A slot that is handed over at the very moment its waiter is canceled goes to the next one.
func TestSlotHandedToTheCanceledIsNotLost(t *testing.T) {
	s := newSlots(1, false)
	turn := make(chan struct{})
	s.busy = 1 // handed over: not in the queue any more
	s.leaveQueue(turn)
	if s.busy != 0 {
		t.Errorf("%d slots are busy, want none", s.busy)
	}
}

func TestRequestsPerSecondCountsRetries(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n atomic.Int64
		hurried := RetryOptions{MaxAttempts: 100, InitialInterval: time.Nanosecond, MaxInterval: time.Nanosecond}
		c := New(Options{Retry: hurried, RequestsPerSecond: 10, Transport: roundTrip(func(*http.Request, string) (*http.Response, error) {
			if n.Add(1)%3 != 0 { // two of three fail
				return reply(500, ""), nil
			}
			return reply(200, ""), nil
		})})
		start := time.Now()
		if failed := deliverAll(t.Context(), c, 100); failed != nil {
			t.Fatal(failed)
		}
		took := time.Since(start)
		if least := time.Duration(n.Load()-1) * 100 * time.Millisecond; took < least-time.Millisecond || n.Load() < 290 {
			t.Errorf("%d requests in %v, want at least %v", n.Load(), took, least)
		}
	})
}

// The load is that of all endpoints: attempts in flight, and how many may be.
func TestLoad(t *testing.T) {
	c := New(Options{Concurrency: 3})
	for _, url := range []string{"https://one.test/a", "https://one.test/b", "https://two.test"} {
		target, err := c.target(url)
		if err != nil {
			t.Fatal(err)
		}
		if err := target.endpoint.slots.acquire(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if inFlight, limit := c.Load(); inFlight != 3 || limit != 6 {
		t.Errorf("%d of %d in flight, want 3 of 6", inFlight, limit)
	}
}
