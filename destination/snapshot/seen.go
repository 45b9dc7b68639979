package snapshot

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// bitmap is a set of ordinals, a bit each. The zero value is empty.
type bitmap []uint64

// add puts n in and reports whether it was there.
func (b *bitmap) add(n uint64) bool {
	word, bit := int(n/64), uint64(1)<<(n%64) //nolint:gosec // an ordinal is far below 2^63
	if grow := word + 1 - len(*b); grow > 0 {
		*b = append(*b, make([]uint64, grow)...)
	}
	had := (*b)[word]&bit != 0
	(*b)[word] |= bit
	return had
}

func (b bitmap) has(n uint64) bool {
	return n/64 < uint64(len(b)) && b[n/64]&(1<<(n%64)) != 0
}

// count returns how many there are.
func (b bitmap) count() (n uint64) {
	for _, word := range b {
		n += uint64(bits.OnesCount64(word)) //nolint:gosec // at most 64
	}
	return n
}

// cut takes out what is not below end.
func (b *bitmap) cut(end uint64) {
	words := (end + 63) / 64
	if words > uint64(len(*b)) {
		return
	}
	*b = (*b)[:words]
	if rest := end % 64; rest > 0 {
		(*b)[words-1] &= 1<<rest - 1
	}
}

// union returns all that is in b or other; it may change either.
func (b bitmap) union(other bitmap) bitmap {
	if len(b) < len(other) {
		b, other = other, b
	}
	for i, word := range other {
		b[i] |= word
	}
	return b
}

func (b bitmap) encode() []byte {
	buf := make([]byte, 0, 8*len(b))
	for _, word := range b {
		buf = binary.LittleEndian.AppendUint64(buf, word)
	}
	return buf
}

func decodeBitmap(buf []byte) (bitmap, error) {
	if len(buf)%8 != 0 {
		return nil, fmt.Errorf("%w (a bitmap of %d bytes)", errMalformed, len(buf))
	}
	b := make(bitmap, len(buf)/8)
	for i := range b {
		b[i] = binary.LittleEndian.Uint64(buf[8*i:])
	}
	return b, nil
}
