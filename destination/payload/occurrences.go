package payload

import (
	"encoding/binary"
	"sync"
)

// Occurrences counts how often content was sent before in a sync. It takes 4 MiB, however long the
// sync is: contents share counters, so that a count may be too high. Then the name of a request is
// not the one that a resumed sync gives it; but two requests with equal content never get one
// count. The zero value is ready, and it is safe for concurrent use.
type Occurrences struct {
	mu     sync.Mutex
	counts [2][]uint32
}

// occurrenceCounters is the number of counters in each of the two tables, of which content has one
// in each.
const occurrenceCounters = 1 << 19

// count returns how often content was counted before, and counts it.
func (o *Occurrences) count(c content) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	least := ^uint32(0)
	for i := range o.counts {
		if o.counts[i] == nil {
			o.counts[i] = make([]uint32, occurrenceCounters)
		}
		n := &o.counts[i][binary.LittleEndian.Uint32(c[4*i:])%occurrenceCounters]
		least = min(least, *n)
		*n++
	}
	return uint64(least)
}
