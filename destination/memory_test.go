package destination

import (
	"math"
	"runtime/debug"
	"testing"

	"destination-webhook/destination/config"
)

func TestBoundMemory(t *testing.T) {
	c := &config.Config{Batching: config.Batching{MaxBufferedBytes: 100, MaxBytes: 10}, Delivery: config.Delivery{MaxConcurrentRequests: 4}}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	for _, tt := range []struct {
		name        string
		snapshot    config.Storage
		environment int64 // what GOMEMLIMIT has set
		want        int64
	}{
		{"without a snapshot", "none", math.MaxInt64, ownMemory + 280},
		{"with one", "local", math.MaxInt64, ownMemory + 280 + snapshotMemory},
		{"the environment takes precedence", "local", 1 << 40, 1 << 40},
	} {
		debug.SetMemoryLimit(tt.environment)
		c.Snapshot.Type = tt.snapshot
		undo := boundMemory(c)
		if got := debug.SetMemoryLimit(-1); got != tt.want {
			t.Errorf("%s: the limit is %d, want %d", tt.name, got, tt.want)
		}
		if undo(); debug.SetMemoryLimit(-1) != tt.environment {
			t.Errorf("%s: the limit is not undone", tt.name)
		}
	}
}
