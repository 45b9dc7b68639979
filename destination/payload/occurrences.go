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
	counts []line // nil: few has all contents
}

const (
	// maxFew is how many contents are counted one by one. Most syncs have no more, and the first
	// use of a page of the lines costs as much as all else that is counted for a request.
	maxFew = 1 << 12
	// lines is how many lines there are, 4 MiB.
	lines = 1 << 16
)

// line is the counters of the contents that share it. A content has two of them: one line of the
// processor's cache, which is mostly not there yet, has both.
type line [16]uint32

// count returns how often content was counted before, and counts it.
func (o *Occurrences) count(c content) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts != nil {
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

// leaveFew moves all contents to the lines.
func (o *Occurrences) leaveFew() {
	o.counts = make([]line, lines)
	for c, n := range o.few {
		o.share(c, n)
	}
	o.few = nil
}

// share returns how often content was counted before at most, and counts it so many times more.
func (o *Occurrences) share(c content, more uint32) (before uint32) {
	l := &o.counts[binary.LittleEndian.Uint32(c[:])%lines]
	i := int(c[4]) % len(l)
	j := (i + 1 + int(c[5])%(len(l)-1)) % len(l) // another one
	before = min(l[i], l[j])
	l[i] += more
	l[j] += more
	return before
}
