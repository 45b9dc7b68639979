package sets

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Index answers in memory, for a row whose digest the store has, what a read of the store would: it
// is what makes unchanged rows fast. It holds the rows that a sync has not seen yet, as a hash
// table with open addressing whose hash is the digest itself, which covers key and content. It
// never grows, and a row that is given out to be sent is deleted from it, so a digest that it finds
// is the store's and nothing of its key is in flight.
type Index struct {
	slots []slot
}

// Entry is what an index has of a row, in 20 bytes.
type Entry struct {
	Digest  [16]byte
	Ordinal uint32 // up to MaxOrdinal
}

// slot is an entry with its ordinal and 1, or free, or deleted.
type slot struct {
	digest [16]byte
	tag    uint32
}

const (
	free    = 0
	deleted = math.MaxUint32
	// MaxOrdinal is the highest ordinal that an index can have.
	MaxOrdinal = deleted - 2
	// MaxEntries bounds all of a stream's index to 256 MiB; at 25 bytes a key, or up to 28, that is
	// about ten million keys. A larger stream is read from the store row by row.
	MaxEntries = 256 << 20 / slotBytes * 4 / 5
	slotBytes  = 20
)

// NewIndex makes room for n rows, a fifth of the slots free.
func NewIndex(n int) *Index { return &Index{slots: make([]slot, n+n/4+1)} }

// start maps the first bytes of a digest evenly to the slots.
func (x *Index) start(d [16]byte) int {
	high, _ := bits.Mul64(binary.LittleEndian.Uint64(d[:]), uint64(len(x.slots)))
	return int(high) //nolint:gosec // below the number of slots
}

// Add adds an entry, for which there is room.
func (x *Index) Add(e Entry) {
	at := x.start(e.Digest)
	for x.slots[at].tag != free {
		at = x.after(at)
	}
	x.slots[at] = slot{e.Digest, e.Ordinal + 1}
}

// Find returns the ordinal of the row with a digest.
func (x *Index) Find(d [16]byte) (ordinal uint64, found bool) {
	if s := x.find(d); s != nil {
		return uint64(s.tag - 1), true
	}
	return 0, false
}

// find returns the slot of a digest, nil if there is none.
func (x *Index) find(d [16]byte) *slot {
	for at := x.start(d); x.slots[at].tag != free; at = x.after(at) {
		if s := &x.slots[at]; s.digest == d && s.tag != deleted {
			return s
		}
	}
	return nil
}

// Remove removes the row with a digest, if there is one.
func (x *Index) Remove(d [16]byte) {
	if s := x.find(d); s != nil {
		s.tag = deleted
	}
}

func (x *Index) after(at int) int {
	if at++; at == len(x.slots) {
		return 0
	}
	return at
}
