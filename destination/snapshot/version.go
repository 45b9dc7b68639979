package snapshot

import "encoding/binary"

// Append writes the mark to buf, for ParseVersion.
func (v Version) Append(buf []byte) []byte { return v.entry.append(buf) }

// ParseVersion reads a mark that Append has written, and returns what follows it.
func ParseVersion(buf []byte) (Version, []byte) {
	var e entry
	n := copy(e.digest[:], buf)
	ordinal, size := binary.Uvarint(buf[n:])
	e.ordinal = ordinal
	return Version{e}, buf[n+size:]
}
