package delivery

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errOpen means that a breaker stays open for longer than a delivery may wait.
var errOpen = errors.New("the endpoint is still overloaded")

// breaker is the circuit breaker of one endpoint. It opens when the endpoint is overloaded: no
// attempt starts then. When the pause has passed, a single attempt goes first as the probe, and its
// result closes the breaker or opens it again for longer. A permit of a closed breaker costs one
// lock.
type breaker struct {
	retry RetryOptions

	mu      sync.Mutex
	open    bool
	until   time.Time     // when open: no attempt starts before
	since   time.Time     // when open: the first refusal of this outage
	probing bool          // when open: the probe is under way
	pauses  int           // in a row
	epoch   int           // counts the openings
	changed chan struct{} // closed and replaced at every change that waiters care about
}

// permit is the right to make one attempt. It goes back by leave.
type permit struct {
	epoch int
	probe bool
}

// result is what an attempt tells the breaker when it leaves.
type result int

const (
	abandoned  result = iota // not attempted, or canceled
	answered                 // the endpoint is there and takes requests
	unanswered               // no answer came
	overloaded               // 429, 503
	exhausted                // a good answer, and the last one that the rate limit allows
)

func newBreaker(o RetryOptions) *breaker {
	return &breaker{retry: o, changed: make(chan struct{})}
}

// enter waits for a permit. It returns errOpen at once if the pause goes beyond deadline, unless
// that is zero, or the outage beyond MaxElapsed.
func (b *breaker) enter(ctx context.Context, deadline time.Time) (permit, error) {
	for {
		p, wait, changed, err := b.try(time.Now(), deadline)
		if err != nil || wait == 0 {
			return p, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
			timer.Stop()
			return permit{}, context.Cause(ctx)
		}
		timer.Stop()
	}
}

// probeWait is how long a waiter for the end of the probe sleeps at most. That end wakes it long
// before.
const probeWait = time.Hour

func (b *breaker) try(now, deadline time.Time) (p permit, wait time.Duration, changed <-chan struct{}, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.open:
		return permit{epoch: b.epoch}, 0, nil, nil
	case b.probing:
		return permit{}, probeWait, b.changed, nil
	case !now.Before(b.until):
		b.probing = true
		return permit{epoch: b.epoch, probe: true}, 0, nil, nil
	case !deadline.IsZero() && b.until.After(deadline), b.retry.MaxElapsed > 0 && b.until.Sub(b.since) > b.retry.MaxElapsed:
		return permit{}, 0, nil, errOpen
	}
	return permit{}, b.until.Sub(now), b.changed, nil
}

// holds reports whether p is still valid: the breaker may have opened since it was given.
func (b *breaker) holds(p permit) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.open || p.probe
}

// leave gives p back with the result of the attempt, and returns how long the breaker is open from
// now on.
func (b *breaker) leave(p permit, r result, retryAfter time.Duration, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.probe && r == unanswered {
		r = overloaded // the outage goes on
	}
	if p.probe {
		b.probing = false
		b.wake()
	}
	switch r {
	case overloaded:
		b.refuse(p, retryAfter, now)
	case answered, exhausted:
		if p.probe || !b.open {
			b.open, b.pauses = false, 0
		}
		if r == exhausted {
			b.trip(now.Add(retryAfter), now)
		}
	}
	if !b.open {
		return 0
	}
	return max(0, b.until.Sub(now))
}

// refuse opens the breaker after a 429 or 503. The answers to attempts that were in flight together
// count as one refusal.
func (b *breaker) refuse(p permit, retryAfter time.Duration, now time.Time) {
	if p.epoch == b.epoch {
		b.pauses++
		retryAfter = max(retryAfter, backoff(b.retry, b.pauses))
	}
	b.trip(now.Add(retryAfter), now)
}

func (b *breaker) trip(until, now time.Time) {
	if !b.open {
		b.open, b.since = true, now
		b.epoch++
		b.wake()
	}
	if until.After(b.until) {
		b.until = until
	}
}

func (b *breaker) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}
