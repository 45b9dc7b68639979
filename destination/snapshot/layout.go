package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// What is in the database, by the first byte of a key:
//
//	v                       version
//	m <name>                meta of a stream, JSON
//	s <stream>              what the stream's generation has seen, a bitmap over ordinals
//	e <stream> <key>        entry: digest, ordinal
//	r <stream> <key>        row, with KeepRows
//	i <number>              intent: the rows of a batch that was begun
//
// <stream> is four bytes, so that a long name is not part of every key.
const version = "destination-webhook snapshot 2"

var versionKey = []byte("v")

const (
	metaPrefix   = 'm'
	seenPrefix   = 's'
	entryPrefix  = 'e'
	rowPrefix    = 'r'
	intentPrefix = 'i'
)

func streamKey(prefix byte, stream uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefix}, stream)
}

// appendKey writes the database's key for a key of a stream to buf.
func appendKey(buf []byte, prefix byte, stream uint32, key []byte) []byte {
	return append(binary.BigEndian.AppendUint32(append(buf, prefix), stream), key...)
}

func intentKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{intentPrefix}, number)
}

func metaKey(name string) []byte { return append([]byte{metaPrefix}, name...) }

// entry is what is known of a key: what was confirmed, and the bit that stands for it.
type entry struct {
	digest  Digest
	ordinal uint64
}

func (e entry) append(buf []byte) []byte {
	return binary.AppendUvarint(append(buf, e.digest[:]...), e.ordinal)
}

var errMalformed = errors.New("a value in the snapshot is malformed: " + startOver)

func parseEntry(value []byte) (entry, error) {
	var e entry
	n := copy(e.digest[:], value)
	ordinal, size := binary.Uvarint(value[n:])
	if n != len(e.digest) || size <= 0 || n+size != len(value) {
		return entry{}, fmt.Errorf("%w (an entry of %d bytes)", errMalformed, len(value))
	}
	e.ordinal = ordinal
	return e, nil
}
