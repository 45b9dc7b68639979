package delivery

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errClosed says that a gate stays closed for longer than a delivery may wait.
var errClosed = errors.New("the endpoint is still overloaded")

// gate lets attempts to one endpoint through. It closes when the endpoint
// says that it has enough; when the pause has passed, a single attempt goes
// first as the probe, and what comes of it opens the gate or closes it again
// for longer. The zero pass of an open gate costs one lock.
type gate struct {
	retry RetryOptions

	mu      sync.Mutex
	closed  bool
	until   time.Time     // when closed: nobody passes before
	since   time.Time     // when closed: the first refusal of this outage
	probing bool          // when closed: the probe is under way
	pauses  int           // in a row
	epoch   int           // counts the closings
	changed chan struct{} // closed and replaced at every change that waiters care about
}

// pass is the right to make one attempt. It goes back by leave.
type pass struct {
	epoch int
	probe bool
}

// passage is what an attempt tells the gate when it leaves.
type passage int

const (
	abandoned  passage = iota // not attempted, or canceled
	answered                  // the endpoint is there and takes requests
	unanswered                // no answer came
	overloaded                // 429, 503
	exhausted                 // a good answer, and the last one that the rate limit allows
)

func newGate(o RetryOptions) *gate {
	return &gate{retry: o, changed: make(chan struct{})}
}

// enter waits for a pass. It returns errClosed at once when the pause goes
// beyond deadline (if there is one) or the outage beyond MaxElapsed.
func (g *gate) enter(ctx context.Context, deadline time.Time) (pass, error) {
	for {
		p, wait, changed, err := g.try(time.Now(), deadline)
		if err != nil || wait == 0 {
			return p, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
			timer.Stop()
			return pass{}, context.Cause(ctx)
		}
		timer.Stop()
	}
}

// aPause is how long a waiter for the probe's end sleeps at most. It is woken
// by that end, long before.
const aPause = time.Hour

func (g *gate) try(now, deadline time.Time) (p pass, wait time.Duration, changed <-chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !g.closed:
		return pass{epoch: g.epoch}, 0, nil, nil
	case g.probing:
		return pass{}, aPause, g.changed, nil
	case !now.Before(g.until):
		g.probing = true
		return pass{epoch: g.epoch, probe: true}, 0, nil, nil
	case !deadline.IsZero() && g.until.After(deadline), g.retry.MaxElapsed > 0 && g.until.Sub(g.since) > g.retry.MaxElapsed:
		return pass{}, 0, nil, errClosed
	}
	return pass{}, g.until.Sub(now), g.changed, nil
}

// holds reports whether p still lets its owner through: the gate may have
// closed since it was given.
func (g *gate) holds(p pass) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.closed || p.probe
}

// leave gives p back with what came of the attempt, and returns how long the
// gate is closed from now on.
func (g *gate) leave(p pass, how passage, hint time.Duration, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.probe && how == unanswered {
		how = overloaded // the outage goes on
	}
	if p.probe {
		g.probing = false
		g.wake()
	}
	switch how {
	case overloaded:
		g.refuse(p, hint, now)
	case answered, exhausted:
		if p.probe || !g.closed {
			g.closed, g.pauses = false, 0
		}
		if how == exhausted {
			g.close(now.Add(hint), now)
		}
	}
	if !g.closed {
		return 0
	}
	return max(0, g.until.Sub(now))
}

// refuse closes the gate after a 429 or 503. The answers to attempts that
// were in flight together count as one refusal.
func (g *gate) refuse(p pass, hint time.Duration, now time.Time) {
	if p.epoch == g.epoch {
		g.pauses++
		hint = max(hint, backoff(g.retry, g.pauses))
	}
	g.close(now.Add(hint), now)
}

func (g *gate) close(until, now time.Time) {
	if !g.closed {
		g.closed, g.since = true, now
		g.epoch++
		g.wake()
	}
	if until.After(g.until) {
		g.until = until
	}
}

func (g *gate) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}
