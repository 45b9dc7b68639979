package snapshot

import "encoding/binary"

// Append writes the mark to buf, for ParseMark.
func (m Mark) Append(buf []byte) []byte { return m.entry.append(buf) }

// ParseMark reads a mark that Append has written, and returns what follows it.
func ParseMark(buf []byte) (Mark, []byte) {
	var e entry
	n := copy(e.digest[:], buf)
	ordinal, size := binary.Uvarint(buf[n:])
	e.ordinal = ordinal
	return Mark{e}, buf[n+size:]
}
