package destination

import (
	"math"
	"sync"
	"time"
)

// stats is what a sync has done so far. It is safe for concurrent use.
type stats struct {
	mu      sync.Mutex
	streams map[int]*streamStats // those that sent something
	total   streamStats
}

// streamStats counts what one stream has done.
type streamStats struct {
	rows, rejected, batches, bytes, retries int64
	latency                                 latency
}

func newStats() *stats { return &stats{streams: make(map[int]*streamStats)} }

// delivered counts a settled batch: rows that the endpoint took, rows that it did not, and what was sent for that, which
// may be nothing.
func (s *stats) delivered(stream, rows, rejected, bytes int) {
	s.each(stream, func(t *streamStats) {
		if bytes > 0 {
			t.batches++
		}
		t.rows += int64(rows)
		t.rejected += int64(rejected)
		t.bytes += int64(bytes)
	})
}

// answered counts a delivery that took so many attempts, the last of them so long if it succeeded.
func (s *stats) answered(stream, attempts int, took time.Duration) {
	s.each(stream, func(t *streamStats) {
		t.retries += int64(attempts - 1)
		if took > 0 {
			t.latency.add(took)
		}
	})
}

func (s *stats) each(stream int, f func(*streamStats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.streams[stream]
	if t == nil {
		t = &streamStats{}
		s.streams[stream] = t
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

// latency is a histogram of durations. Its buckets grow by a twelfth, so that a quantile is right within 6 %; the first
// ends at 100 µs, the last takes all above five hours.
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
