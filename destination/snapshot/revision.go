package snapshot

import (
	"cmp"
	"encoding/binary"
)

// revision says which state of a key a row replaces. No key has one revision twice with different
// states after it, even if it is removed and added again: so a request whose rows replace the same
// revisions with the same content is a repetition.
type revision struct {
	born    uint64 // the epoch in which the key was added
	changes uint64 // confirmed since then
}

func (r revision) append(buf []byte) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(buf, r.born), r.changes)
}

func (r revision) compare(other revision) int {
	return cmp.Or(cmp.Compare(r.born, other.born), cmp.Compare(r.changes, other.changes))
}

// before returns the revision that one replaces.
func (r revision) before() revision {
	r.changes--
	return r
}

// after returns the revision of an entry once digest is confirmed. The revision of an uncertain
// entry may be replaced only by what was sent before: the endpoint may have it, so anything else
// replaces the next one.
func (e entry) after(digest Digest) revision {
	r := e.revision
	if e.digest.uncertain() && e.sent != digest {
		r.changes++
	}
	r.changes++
	return r
}

// newest is the revision of a key that is not there and has no tombstone.
func (st *Stream) newest() revision { return revision{born: st.meta.Epoch - st.meta.Base} }
