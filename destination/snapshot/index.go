package snapshot

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// index answers in memory, for a row whose digest the store has, what a read of the store would: it
// is what makes unchanged rows fast. It holds the rows that a sync has not seen yet, as a hash
// table with open addressing whose hash is the digest itself, which covers key and content. It
// never grows, and a row that is given out to be sent is deleted from it, so a digest that it finds
// is the store's and nothing of its key is in flight.
type index struct {
	slots []slot
}

// slot is an entry in 20 bytes.
type slot struct {
	digest Digest
	tag    uint32 // the ordinal and 1, or free, or deleted
}

const (
	free    = 0
	deleted = math.MaxUint32
	// indexBytes bounds all of a stream's index; at 25 bytes a key, or up to 28, that is about ten
	// million keys. A larger stream is read from the store row by row.
	indexBytes = 256 << 20
	slotBytes  = 20
	// minReads and readShare say when a sync has read so much of a stream that it pays to load the
	// rest: an incremental sync of a few rows never does.
	minReads  = 1000
	readShare = 16
)

// newIndex makes room for n rows, a fifth of the slots free.
func newIndex(n int) *index { return &index{slots: make([]slot, n+n/4+1)} }

// start maps the first bytes of a digest evenly to the slots.
func (x *index) start(d Digest) int {
	high, _ := bits.Mul64(binary.LittleEndian.Uint64(d[:]), uint64(len(x.slots)))
	return int(high) //nolint:gosec // below the number of slots
}

func (x *index) add(s slot) {
	at := x.start(s.digest)
	for x.slots[at].tag != free {
		at = x.after(at)
	}
	x.slots[at] = s
}

// find returns the slot of a digest, nil if there is none.
func (x *index) find(d Digest) *slot {
	for at := x.start(d); x.slots[at].tag != free; at = x.after(at) {
		if s := &x.slots[at]; s.digest == d && s.tag != deleted {
			return s
		}
	}
	return nil
}

func (x *index) remove(d Digest) {
	if s := x.find(d); s != nil {
		s.tag = deleted
	}
}

func (x *index) after(at int) int {
	if at++; at == len(x.slots) {
		return 0
	}
	return at
}
