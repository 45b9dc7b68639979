package protocol

import (
	"bytes"
	"encoding/binary"
)

// knownKey is a member's key: its text from the quote to the colon.
type knownKey struct {
	// The text's first eight bytes, its last eight, and what is between them. Of a shorter text,
	// head and tail are the same; mask has ones for the bytes that are part of it.
	head, mask, tail uint64
	back             int // where the last eight begin
	room             int // the bytes that at looks at
	text, between    string

	next  *knownKey // the key after it in the same object
	inner *knownKey // the first key of the object that is its value
	items *knownKey // the first key of the objects in the array that is its value

	wanted bool        // its value, or something in it, is looked for:
	fields []int       // which of the fields it is
	below  lookupLevel // what is looked for in it
}

func newKnownKey(text []byte) *knownKey {
	k := &knownKey{text: string(text), mask: ^uint64(0)}
	k.room = max(8, len(text))
	k.back = k.room - 8
	padded := append(bytes.Clone(text), make([]byte, 8)...)
	k.head = binary.LittleEndian.Uint64(padded)
	k.tail = binary.LittleEndian.Uint64(padded[k.back:])
	if len(text) < 8 {
		k.mask >>= 8 * (8 - len(text))
	}
	if len(text) > 16 {
		k.between = k.text[8:k.back]
	}
	return k
}

// at reports whether the key is at b[i].
func (k *knownKey) at(b []byte, i int) bool {
	if i+k.room > len(b) {
		return false
	}
	return binary.LittleEndian.Uint64(b[i:])&k.mask == k.head && binary.LittleEndian.Uint64(b[i+k.back:])&k.mask == k.tail &&
		(k.between == "" || string(b[i+8:i+k.back]) == k.between)
}
