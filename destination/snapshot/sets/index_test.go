package sets

import (
	"encoding/binary"
	"testing"
)

// digestOf is a digest whose hash is the same for four numbers each, so that places are taken.
func digestOf(n int) (d [16]byte) {
	binary.LittleEndian.PutUint64(d[:], uint64(n/4)<<54) //nolint:gosec // it is not negative
	binary.LittleEndian.PutUint64(d[8:], uint64(n))      //nolint:gosec // it is not negative
	return d
}

// An index finds what was added to it and not removed, also past the places of what was removed.
func TestIndex(t *testing.T) {
	const n = 1000
	x := NewIndex(n)
	for i := range n {
		x.Add(Entry{Digest: digestOf(i), Ordinal: uint32(i)}) //nolint:gosec // below n
	}
	for i := 0; i < n; i += 3 {
		x.Remove(digestOf(i))
	}
	x.Remove(digestOf(n)) // which is not there
	for i := range n + 1 {
		ordinal, found := x.Find(digestOf(i))
		if want := i < n && i%3 > 0; found != want || found && ordinal != uint64(i) { //nolint:gosec // below n
			t.Errorf("Find(%d) = %d, %v, want it: %v", i, ordinal, found, want)
		}
	}
}
