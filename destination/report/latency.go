package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// latency is the durations of deliveries. It keeps all of up to maxSample, and a random choice of
// more, of which each has the same chance: a quantile q is then right within 2·√(q·(1−q)/maxSample)
// of rank, which is 0.5 percentage points for p95.
type latency struct {
	sample []time.Duration
	n      int64
	max    time.Duration
	sum    time.Duration
	counts [len(latencyBounds) + 1]int64 // by the first bound that is not below
}

// latencyBounds are the upper bounds of the histogram. What is above the last one is counted after
// it.
var latencyBounds = [...]time.Duration{
	5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
	30 * time.Second,
}

const maxSample = 8192

func (l *latency) add(d time.Duration) {
	l.n++
	l.max = max(l.max, d)
	l.sum += d
	bound, _ := slices.BinarySearch(latencyBounds[:], d)
	l.counts[bound]++
	if len(l.sample) < maxSample {
		l.sample = append(l.sample, d)
	} else if i := rand.Int64N(l.n); i < maxSample {
		l.sample[i] = d
	}
}

// quantile returns the shortest duration that a share q of all did not exceed.
func (l *latency) quantile(q float64) time.Duration {
	if len(l.sample) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(l.sample))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// buckets returns the histogram, without the empty buckets at its end.
func (l *latency) buckets() []Bucket {
	buckets := []Bucket{}
	for i, count := range l.counts {
		b := Bucket{Count: count}
		if i < len(latencyBounds) {
			b.UpTo = latencyBounds[i].Seconds()
		}
		buckets = append(buckets, b)
	}
	for len(buckets) > 0 && buckets[len(buckets)-1].Count == 0 {
		buckets = buckets[:len(buckets)-1]
	}
	return buckets
}
