package report

import (
	"math"
	"testing"
	"time"
)

// A rate is that of the last seconds, whatever the distance of the measurements.
func TestRate(t *testing.T) {
	var r rate
	now, total := time.Unix(0, 0), int64(0)
	for i := range 100 { // 20 seconds at 1000 a second, then 8 of nothing
		if i < 60 {
			total += 200
		}
		got := r.per(now, total)
		switch {
		case i < 5 && got != 0:
			t.Errorf("after %v: %v, too early to say", now, got)
		case i >= 5 && i < 60 && math.Round(got) != 1000, i > 90 && got != 0:
			t.Errorf("measurement %d: %v a second", i, got)
		}
		now = now.Add(200 * time.Millisecond)
	}
	if len(r.samples) > 30 {
		t.Errorf("%d measurements are kept", len(r.samples))
	}
}
