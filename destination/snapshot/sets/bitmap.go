package sets

import (
	"encoding/binary"
	"math/bits"
)

// Bitmap is a set of ordinals, a bit each. The zero value is empty.
type Bitmap []uint64

// Add puts n in and reports whether it was there.
func (b *Bitmap) Add(n uint64) bool {
	word, bit := int(n/64), uint64(1)<<(n%64) //nolint:gosec // an ordinal is far below 2^63
	if grow := word + 1 - len(*b); grow > 0 {
		*b = append(*b, make([]uint64, grow)...)
	}
	had := (*b)[word]&bit != 0
	(*b)[word] |= bit
	return had
}

// Has reports whether n is in.
func (b Bitmap) Has(n uint64) bool {
	return n/64 < uint64(len(b)) && b[n/64]&(1<<(n%64)) != 0
}

// Count returns how many there are.
func (b Bitmap) Count() (n uint64) {
	for _, word := range b {
		n += uint64(bits.OnesCount64(word)) //nolint:gosec // at most 64
	}
	return n
}

// Cut takes out what is not below end.
func (b *Bitmap) Cut(end uint64) {
	words := (end + 63) / 64
	if words > uint64(len(*b)) {
		return
	}
	*b = (*b)[:words]
	if rest := end % 64; rest > 0 {
		(*b)[words-1] &= 1<<rest - 1
	}
}

// Union returns all that is in b or other; it may change either.
func (b Bitmap) Union(other Bitmap) Bitmap {
	if len(b) < len(other) {
		b, other = other, b
	}
	for i, word := range other {
		b[i] |= word
	}
	return b
}

// Encode writes it as a text, for DecodeBitmap.
func (b Bitmap) Encode() []byte {
	buf := make([]byte, 0, 8*len(b))
	for _, word := range b {
		buf = binary.LittleEndian.AppendUint64(buf, word)
	}
	return buf
}

// DecodeBitmap reads what Encode has written. ok is false for any other text.
func DecodeBitmap(text []byte) (b Bitmap, ok bool) {
	if len(text)%8 != 0 {
		return nil, false
	}
	b = make(Bitmap, len(text)/8)
	for i := range b {
		b[i] = binary.LittleEndian.Uint64(text[8*i:])
	}
	return b, true
}
