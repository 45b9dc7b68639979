package payload

import (
	"encoding/binary"
	"sync"
)

// Occurrences counts how often content was sent before in a sync. Of few contents it counts each;
// of more it takes 4 MiB, however long the sync is: contents share counters, so that a count may be
// too high. Then the name of a request is not the one that a resumed sync gives it; but two
// requests with equal content never get one count. The zero value is ready, and it is safe for
// concurrent use.
type Occurrences struct {
	mu     sync.Mutex
	few    map[content]uint32
	counts [2][]uint32 // nil: few has all contents
}

const (
	// maxFew is how many contents are counted one by one. Most syncs have no more, and the first
	// use of a page of the tables costs as much as all else that is counted for a request.
	maxFew = 1 << 12
	// occurrenceCounters is the number of counters in each of the two tables, of which content has
	// one in each.
	occurrenceCounters = 1 << 19
)

// count returns how often content was counted before, and counts it.
func (o *Occurrences) count(c content) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts[0] != nil {
		return uint64(o.share(c, 1))
	}
	n, known := o.few[c]
	if !known && len(o.few) == maxFew {
		o.leaveFew()
		return uint64(o.share(c, 1))
	}
	if o.few == nil {
		o.few = make(map[content]uint32)
	}
	o.few[c] = n + 1
	return uint64(n)
}

// leaveFew moves all contents to the tables.
func (o *Occurrences) leaveFew() {
	for i := range o.counts {
		o.counts[i] = make([]uint32, occurrenceCounters)
	}
	for c, n := range o.few {
		o.share(c, n)
	}
	o.few = nil
}

// share returns how often content was counted before at most, and counts it so many times more.
func (o *Occurrences) share(c content, more uint32) (before uint32) {
	before = ^uint32(0)
	for i := range o.counts {
		n := &o.counts[i][binary.LittleEndian.Uint32(c[4*i:])%occurrenceCounters]
		before = min(before, *n)
		*n += more
	}
	return before
}
