package cli

import (
	"math"
	"runtime/debug"
	"testing"
)

// A receiver has a limit from which it collects garbage sooner, unless the environment sets one.
func TestReceiverHasAMemoryLimit(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	for environment, want := range map[int64]int64{math.MaxInt64: 300 << 20, 1 << 30: 1 << 30} {
		debug.SetMemoryLimit(environment)
		undo := boundMemory(300 << 20)
		if got := debug.SetMemoryLimit(-1); got != want {
			t.Errorf("the limit is %d, want %d", got, want)
		}
		if undo(); debug.SetMemoryLimit(-1) != environment {
			t.Error("the limit before is not set again")
		}
	}
}
