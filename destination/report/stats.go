package report

import (
	"maps"
	"strconv"
	"sync"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/route"
	"destination-webhook/destination/sender"
	"destination-webhook/protocol"
)

// stats is what a sync has done so far. It is safe for concurrent use.
type stats struct {
	mu      sync.Mutex
	streams map[*route.Route]*streamStats // those that sent something
	total   streamStats
	// statuses counts attempts by the status of their answer, 0 if there was none.
	statuses map[int]int64
	// causes counts attempts that were followed by another one by why they failed.
	causes map[string]int64
}

// streamStats counts what one stream has done.
type streamStats struct {
	delivered, rejected, repeated, suppressed protocol.RowCounts
	settled                                   protocol.RowCounts // see sender.Counts
	// Rejected rows that had left: they have no dead letter.
	removals          int64
	replaced          int64 // rows that were not sent, see sender.Counts
	batches, bytes    int64
	requests, retries int64
	sent              int64 // bytes of bodies on the wire
	latency           latency
}

func newStats() *stats {
	return &stats{streams: make(map[*route.Route]*streamStats), statuses: make(map[int]int64), causes: make(map[string]int64)}
}

// settled counts a batch. It is not counted as a batch if nothing of it was sent.
func (s *stats) settled(r *route.Route, c sender.Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.each(r, func(t *streamStats) {
		if c.Bytes > 0 {
			t.batches++
		}
		t.delivered.Add(c.Accepted)
		t.rejected.Add(c.Rejected.Minus(c.Repeated))
		t.repeated.Add(c.Repeated)
		t.suppressed.Add(c.Suppressed)
		t.settled.Add(c.Settled)
		t.removals += int64(c.Removals)
		t.replaced += int64(c.Replaced)
		t.bytes += int64(c.Bytes)
	})
}

// attempted counts an attempt. Only a delivery measures how long the endpoint takes.
func (s *stats) attempted(r *route.Route, a delivery.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.each(r, func(t *streamStats) {
		t.requests++
		t.sent += int64(a.Bytes)
		if a.N > 1 {
			t.retries++
		}
		if a.Err == nil {
			t.latency.add(a.Latency)
		}
	})
	s.statuses[a.Status]++
	if a.Err != nil && !a.Final {
		s.causes[Cause(a)]++
	}
}

// Cause returns why an attempt failed: the status of its answer, timeout, or connection.
func Cause(a delivery.Attempt) string {
	switch {
	case a.Status != 0:
		return strconv.Itoa(a.Status)
	case a.TimedOut():
		return "timeout"
	}
	return "connection"
}

// byStatus returns how many attempts were answered with each status, "none" if there was no answer,
// and how many were followed by another one for each cause.
func (s *stats) byStatus() (statuses, causes map[string]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	statuses = make(map[string]int64, len(s.statuses))
	for status, n := range s.statuses {
		if status == 0 {
			statuses["none"] = n
		} else {
			statuses[strconv.Itoa(status)] = n
		}
	}
	return statuses, maps.Clone(s.causes)
}

// each calls f with what is counted of a stream and of all. The caller has the lock.
func (s *stats) each(r *route.Route, f func(*streamStats)) {
	t := s.streams[r]
	if t == nil {
		t = &streamStats{}
		s.streams[r] = t
	}
	f(t)
	f(&s.total)
}

// letters returns how many rows became dead letters.
func (t *streamStats) deadLetters() int64 { return t.rejected.Sum() - t.removals }

// rows returns how many rows were delivered.
func (t *streamStats) rows() int64 { return t.delivered.Sum() }

// all returns the totals. They are complete once nothing is sent any more.
func (s *stats) all() streamStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// of returns what a stream has done. It is complete once nothing is sent any more.
func (s *stats) of(r *route.Route) *streamStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.streams[r]; t != nil {
		return t
	}
	return &streamStats{}
}
