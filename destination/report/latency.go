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
}

const maxSample = 8192

func (l *latency) add(d time.Duration) {
	l.n++
	l.max = max(l.max, d)
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
