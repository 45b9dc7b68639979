package report

import (
	"testing"
	"time"
)

// Of up to maxSample durations a quantile is one of them, and exact.
func TestLatencyQuantilesAreExact(t *testing.T) {
	var l latency
	if l.quantile(0.5) != 0 {
		t.Errorf("the median of nothing is %v", l.quantile(0.5))
	}
	for ms := range 1000 {
		l.add(time.Duration(ms+1) * time.Millisecond)
	}
	for q, want := range map[float64]int{0: 1, 0.05: 50, 0.5: 500, 0.95: 950, 1: 1000} {
		if got := l.quantile(q); got != time.Duration(want)*time.Millisecond {
			t.Errorf("quantile %v is %v, want %v ms", q, got, want)
		}
	}
	if l.max != time.Second {
		t.Errorf("the longest is %v", l.max)
	}
}

// Of more, a quantile comes from a choice of bounded size; the longest is exact anyway. The
// tolerance is eight standard errors.
func TestLatencyOfManyDurations(t *testing.T) {
	var l latency
	const n = 20 * maxSample
	for i := range n {
		l.add(time.Duration(i))
	}
	if len(l.sample) != maxSample || l.n != n || l.max != n-1 {
		t.Errorf("%d of %d are kept, the longest is %d", len(l.sample), l.n, l.max)
	}
	if got := float64(l.quantile(0.5)) / n; got < 0.455 || got > 0.545 {
		t.Errorf("the median is at %v of the range", got)
	}
}

func TestLatencyBuckets(t *testing.T) {
	var l latency
	if got := l.buckets(); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
	for _, d := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 6 * time.Millisecond, 40 * time.Millisecond, time.Minute} {
		l.add(d)
	}
	got := l.buckets()
	if len(got) != len(latencyBounds)+1 || got[0] != (Bucket{0.005, 2}) || got[1] != (Bucket{0.01, 1}) || got[3] != (Bucket{0.05, 1}) || got[len(got)-1] != (Bucket{0, 1}) {
		t.Errorf("got %v", got)
	}
}
