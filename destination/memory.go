package destination

import (
	"math"
	"runtime/debug"

	"destination-webhook/destination/config"
)

const (
	// ownMemory is for everything except batches: the program itself, its blocks of input,
	// connections.
	ownMemory = 64 << 20
	// snapshotMemory is for the store's cache, its tables in memory and its index.
	snapshotMemory = 512 << 20
)

// boundMemory makes the garbage collector work harder as the process approaches the memory that the
// config allows. Otherwise the heap may double, which is much with the open batches of thousands of
// streams. GOMEMLIMIT in the environment takes precedence. The caller has to call undo at the end.
func boundMemory(c *config.Config) (undo func()) {
	before := debug.SetMemoryLimit(-1)
	if before == math.MaxInt64 {
		debug.SetMemoryLimit(memoryLimit(c))
	}
	return func() { debug.SetMemoryLimit(before) }
}

// memoryLimit is twice what batches may hold, open, waiting and in flight, and the rest, in bytes.
func memoryLimit(c *config.Config) int64 {
	batches := int64(c.Batching.MaxBufferedBytes) + int64(c.Batching.MaxBytes)*int64(c.Delivery.MaxConcurrentRequests)
	limit := ownMemory + 2*batches
	if c.Snapshot.Chosen() {
		limit += snapshotMemory
	}
	return limit
}
