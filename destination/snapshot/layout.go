package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"

	"destination-webhook/destination/snapshot/disk"
)

// What is in the database, by the first byte of a key:
//
//	v                       version
//	m <name>                meta of a stream, JSON
//	s <stream>              what the stream's generation has seen, a bitmap over ordinals
//	e <stream> <key>        entry: digest, ordinal, revision and, if it is uncertain, the digest that
//	                        was sent last
//	t <stream> <key>        tombstone: the revision of a key that is gone, until a sync ends well
//	r <stream> <key>        row, with KeepRows
//	k <stream> <identity>   the key by which the endpoint has what has this identity, if they differ
//	i <number>              intent: the rows of a batch that was begun
//
// <stream> is four bytes, so that a long name is not part of every key.
const version = "destination-webhook snapshot 3"

// versionBefore is one that is read and goes over to version by itself: its entries and intents
// have no revisions.
const versionBefore = "destination-webhook snapshot 2"

var versionKey = []byte("v")

const (
	metaPrefix   = 'm'
	seenPrefix   = 's'
	entryPrefix  = 'e'
	gravePrefix  = 't'
	rowPrefix    = 'r'
	intentPrefix = 'i'
	spellPrefix  = 'k'
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

// entry is what is known of a key: what was confirmed, the bit that stands for it, and its
// revision.
type entry struct {
	digest  Digest
	ordinal uint64
	revision
	// What was sent last to replace the revision, if the entry is uncertain; zero if nothing was.
	sent Digest
}

func (e entry) append(buf []byte) []byte {
	buf = binary.AppendUvarint(append(buf, e.digest[:]...), e.ordinal)
	buf = e.revision.append(buf)
	if e.digest.uncertain() {
		buf = append(buf, e.sent[:]...)
	}
	return buf
}

var errMalformed = errors.New("a value in the snapshot is malformed: " + disk.StartOver)

func parseEntry(value []byte) (entry, error) {
	p := parser{rest: value}
	e := entry{digest: p.digest(), ordinal: p.uvarint()}
	if len(p.rest) > 0 { // one of versionBefore ends here
		e.revision = p.revision()
		if e.digest.uncertain() {
			e.sent = p.digest()
		}
	}
	if p.bad || len(p.rest) > 0 {
		return entry{}, fmt.Errorf("%w (an entry of %d bytes)", errMalformed, len(value))
	}
	return e, nil
}
