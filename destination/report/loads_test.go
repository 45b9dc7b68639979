package report

import (
	"testing"
	"time"
)

// A sync of any length keeps a bounded number of moments, evenly spread.
func TestLoadsAreBounded(t *testing.T) {
	var l loads
	for i := range 100_000 {
		l.add(time.Duration(i+1)*time.Second, i, 8)
	}
	if n := len(l.kept); n < maxLoads/2 || n >= maxLoads {
		t.Fatalf("%d moments are kept", n)
	}
	step := l.kept[1].At - l.kept[0].At
	for i := 1; i < len(l.kept); i++ {
		if got := l.kept[i].At - l.kept[i-1].At; got != step {
			t.Fatalf("moment %d comes %v s after the one before, the first ones are %v s apart", i, got, step)
		}
	}
	if last := l.kept[len(l.kept)-1].At; last < 100_000-2*step {
		t.Errorf("the last moment is at %v s", last)
	}
}
