package batching

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
)

// keyOrder keeps rows of one key in order while batches of their stream are in flight together: a
// batch waits until those before it that share a key with it are settled. The zero value is ready.
// Pipeline.partition keeps the number of such batches small.
type keyOrder struct {
	unsettled map[uint32]*Batch // closed batches by the low bits of their numbers
	last      keyTable          // the last closed batch that holds the key; mostly one that is settled
}

// enter records a closed batch; it may be sent once its blockers are gone.
func (o *keyOrder) enter(b *Batch) {
	if o.unsettled == nil {
		o.unsettled = make(map[uint32]*Batch)
	}
	if !o.last.hasRoom(len(b.keys)) {
		o.rebuild(len(b.keys))
	}
	number := uint32(b.number)
	o.unsettled[number] = b
	for _, key := range b.keys {
		if key == 0 {
			continue
		}
		if before := o.last.replace(key, number); before != 0 && before != number {
			if holder := o.unsettled[before]; holder != nil {
				holder.block(b)
			}
		}
	}
}

// rebuild makes room for more keys, and forgets those of settled batches.
func (o *keyOrder) rebuild(more int) {
	batches := slices.SortedFunc(maps.Values(o.unsettled), func(a, b *Batch) int { return cmp.Compare(a.number, b.number) })
	for _, b := range batches {
		more += len(b.keys)
	}
	o.last.reset(more)
	for _, b := range batches {
		for _, key := range b.keys {
			if key != 0 {
				o.last.replace(key, uint32(b.number))
			}
		}
	}
}

// leave records a settled batch and calls ready for each that waited for nothing else.
func (o *keyOrder) leave(b *Batch, ready func(*Batch)) {
	delete(o.unsettled, uint32(b.number))
	for _, later := range b.followers {
		if later.blockers--; later.blockers == 0 {
			ready(later)
		}
	}
}

// keyTable holds a number for each key. It is a hash table without deletion, as the owner of the
// sync looks up each row of a keyed stream: a Go map took a tenth of all its time. It keeps 32 bits
// of a key, besides its slot. About once in four billion comparisons two keys look the same. A batch
// then waits for one with which it shares no key; no order is lost, as whatever takes over a slot
// waits for the batch that had it.
type keyTable struct {
	slots []uint64 // the high bits of the key, then the number; 0: free
	used  int
}

// hasRoom reports whether this many keys can be added.
func (t *keyTable) hasRoom(keys int) bool { return 2*(t.used+keys) <= len(t.slots) }

// reset empties the table and makes room for this many keys, and as many again.
func (t *keyTable) reset(keys int) {
	if size := 1 << bits.Len(uint(4*keys)); size == len(t.slots) {
		clear(t.slots)
	} else {
		t.slots = make([]uint64, size)
	}
	t.used = 0
}

// replace sets the number of a key and returns the one before; 0 if there was none. It needs room.
func (t *keyTable) replace(key uint64, number uint32) (before uint32) {
	const spread = 0x9E3779B97F4A7C15 // the golden ratio
	mask := uint64(len(t.slots) - 1)
	for i := key * spread >> 32; ; i++ {
		slot := &t.slots[i&mask]
		switch {
		case *slot == 0:
			t.used++
		case uint32(*slot>>32) != uint32(key>>32):
			continue
		}
		before = uint32(*slot)
		*slot = key>>32<<32 | uint64(number)
		return before
	}
}
