package delivery

import (
	"context"
	"slices"
	"sync"
	"time"
)

// slots bound the attempts in flight to one endpoint. Waiters are served in the order in which they
// came.
type slots struct {
	mu      sync.Mutex
	limit   int // 0: unlimited
	busy    int
	queue   []chan struct{}
	limiter *limiter // nil: the limit is fixed
}

func newSlots(limit int, adaptive bool) *slots {
	s := &slots{limit: max(0, limit)}
	if adaptive && limit > 1 {
		s.limiter = newLimiter(limit)
		s.limit = s.limiter.current()
	}
	return s
}

// acquire waits for a slot until ctx ends or stopped is closed.
func (s *slots) acquire(ctx context.Context, stopped <-chan struct{}) error {
	s.mu.Lock()
	if s.take() {
		s.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	s.queue = append(s.queue, turn)
	s.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		s.leaveQueue(turn)
		return context.Cause(ctx)
	case <-stopped:
		s.leaveQueue(turn)
		return errStopped
	}
}

// leaveQueue gives up a place in the queue, or the slot that came at the same moment.
func (s *slots) leaveQueue(turn chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.queue, turn); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
		return
	}
	s.busy--
	s.serve()
}

// release gives a slot back that was not used for an attempt.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	s.serve()
}

// done gives a slot back with what the attempt showed about the endpoint.
func (s *slots) done(l sample, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limiter != nil {
		l.full = s.busy >= s.limit
		s.limiter.observe(l, now)
		s.limit = s.limiter.current()
	}
	s.busy--
	s.serve()
}

func (s *slots) load() (busy, limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy, s.limit
}

// take takes a slot if there is one and nobody waits for it.
func (s *slots) take() bool {
	if len(s.queue) > 0 || !s.free() {
		return false
	}
	s.busy++
	return true
}

func (s *slots) free() bool { return s.limit == 0 || s.busy < s.limit }

func (s *slots) serve() {
	for len(s.queue) > 0 && s.free() {
		close(s.queue[0])
		s.queue = slices.Delete(s.queue, 0, 1)
		s.busy++
	}
}
