package destination

import (
	"fmt"
	"math"
	"sync"
	"time"

	"destination-webhook/destination/route"
	"destination-webhook/destination/sender"
)

// stats is what a sync has done so far. It is safe for concurrent use.
type stats struct {
	mu      sync.Mutex
	streams map[*route.Route]*streamStats // those that sent something
	total   streamStats
}

// streamStats counts what one stream has done.
type streamStats struct {
	rows, rejected, batches, bytes, retries int64
	latency                                 latency
}

func newStats() *stats { return &stats{streams: make(map[*route.Route]*streamStats)} }

// settled counts a batch. It is not counted as a batch if nothing of it was sent.
func (s *stats) settled(r *route.Route, c sender.Counts) {
	s.each(r, func(t *streamStats) {
		if c.Bytes > 0 {
			t.batches++
		}
		t.rows += int64(c.Accepted)
		t.rejected += int64(c.Rejected)
		t.bytes += int64(c.Bytes)
	})
}

// answered counts a delivery that took so many attempts; took is the duration of the last one, 0 if
// it did not succeed.
func (s *stats) answered(r *route.Route, attempts int, took time.Duration) {
	s.each(r, func(t *streamStats) {
		t.retries += int64(attempts - 1)
		if took > 0 {
			t.latency.add(took)
		}
	})
}

func (s *stats) each(r *route.Route, f func(*streamStats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.streams[r]
	if t == nil {
		t = &streamStats{}
		s.streams[r] = t
	}
	f(t)
	f(&s.total)
}

// all returns a copy of the totals.
func (s *stats) all() streamStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// len returns the number of streams that sent something.
func (s *stats) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}

// of describes what a stream has sent; sent is false if that is nothing.
func (s *stats) of(r *route.Route) (text string, sent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.streams[r]
	if t == nil {
		return "", false
	}
	text = fmt.Sprintf("%d rows in %d batches, %d bytes, %d retries, latency p50 %v p95 %v",
		t.rows, t.batches, t.bytes, t.retries, t.latency.quantile(0.5), t.latency.quantile(0.95))
	if t.rejected > 0 {
		text += fmt.Sprintf(", %d rows rejected", t.rejected)
	}
	return text, true
}

// latency is a histogram of durations. Its buckets grow by a twelfth, so that a quantile is right
// within 6 %; the first ends at 100 µs, the last takes all above five hours.
type latency struct {
	counts [240]uint32
	n      int64
}

const (
	latencyBase   = 100 * time.Microsecond
	latencyGrowth = 13.0 / 12
)

func (l *latency) add(d time.Duration) {
	bucket := 0
	if d > latencyBase {
		bucket = int(math.Ceil(math.Log(float64(d)/float64(latencyBase)) / math.Log(latencyGrowth)))
	}
	l.counts[min(bucket, len(l.counts)-1)]++
	l.n++
}

// quantile returns the duration that a share q of all stayed below.
func (l *latency) quantile(q float64) time.Duration {
	rank, seen := int64(math.Ceil(q*float64(l.n))), int64(0)
	for bucket, count := range l.counts {
		if seen += int64(count); seen >= rank && count > 0 {
			return time.Duration(float64(latencyBase) * math.Pow(latencyGrowth, float64(bucket)-0.5)).Round(100 * time.Microsecond)
		}
	}
	return 0
}
