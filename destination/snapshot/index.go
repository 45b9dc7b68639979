package snapshot

import (
	"encoding/binary"
	"errors"
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

func (x *index) add(e entry) {
	at := x.start(e.digest)
	for x.slots[at].tag != free {
		at = x.after(at)
	}
	x.slots[at] = slot{digest: e.digest, tag: uint32(e.ordinal) + 1} //nolint:gosec // see loadIndex
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

// countRead loads the index when a sync has read enough of the store.
func (st *Stream) countRead() error {
	if st.store.tables != nil {
		return nil // it looks ahead instead
	}
	st.reads++
	if st.reads != max(minReads, int(st.meta.Entries/readShare)) { //nolint:gosec // far below 2^63
		return nil
	}
	return st.loadIndex()
}

// loadIndex takes in what is not seen yet. What is in flight was seen, so its stored version stays
// out.
func (st *Stream) loadIndex() error {
	n, err := st.mostUnseen()
	if err != nil || n > indexBytes/slotBytes*4/5 || st.next >= deleted-1 {
		return err
	}
	x := newIndex(int(n)) //nolint:gosec // see indexBytes
	err = st.entries(func(_ []byte, e entry) error {
		if st.seen.has(e.ordinal) || e.digest.uncertain() {
			return nil
		}
		if n == 0 {
			return errStopped // ordinals are not what they should be: do without
		}
		n--
		x.add(e)
		return nil
	})
	switch {
	case err == nil:
		st.index = x
	case errors.Is(err, errStopped):
		err = nil
	}
	return err
}

// mostUnseen returns how many entries that are not seen there are at most: each has an ordinal of
// its own. If there may be far more ordinals than entries, it counts the entries.
func (st *Stream) mostUnseen() (n uint64, err error) {
	if free := st.next - st.seen.count(); free <= st.meta.Entries+st.meta.Entries/8 {
		return free, nil
	}
	err = st.entries(func(_ []byte, e entry) error {
		if !st.seen.has(e.ordinal) {
			n++
		}
		return nil
	})
	return n, err
}
