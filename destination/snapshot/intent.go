package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// intent encodes the note on a batch that is about to be sent: everything by which a later sync, perhaps on an older copy
// of the store, can hold its rows to be in doubt. Without rows it notes that a sync of the stream's generation began.
func (st *Stream) intent(rows []Row) []byte {
	buf := make([]byte, 0, 64+32*len(rows))
	buf = appendBytes(buf, []byte(st.identity))
	buf = appendBytes(buf, []byte(st.meta.Key))
	buf = binary.AppendVarint(buf, st.meta.Generation)
	for _, row := range rows {
		removed := uint64(0)
		if row.removed() {
			removed = 1
		}
		buf = appendBytes(buf, row.Key)
		buf = binary.AppendUvarint(buf, row.Mark.ordinal<<1|removed)
	}
	return buf
}

func appendBytes(buf, text []byte) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(text))), text...)
}

// note is a decoded intent.
type note struct {
	identity, keyFields string
	generation          int64
	rows                []Row // with key and ordinal, and the digest of a removal
}

func parseIntent(buf []byte) (note, error) {
	p := parser{rest: buf}
	n := note{identity: string(p.bytes()), keyFields: string(p.bytes()), generation: p.varint()}
	for len(p.rest) > 0 && !p.bad {
		row := Row{Key: p.bytes()}
		tagged := p.uvarint()
		row.Mark.ordinal = tagged >> 1
		if tagged&1 == 1 {
			row.Mark.digest = gone
		}
		n.rows = append(n.rows, row)
	}
	if p.bad {
		return note{}, fmt.Errorf("%w (an intent of %d bytes)", errMalformed, len(buf))
	}
	return n, nil
}

// parser takes values off the front of a buffer; after the first that is cut short all are zero.
type parser struct {
	rest []byte
	bad  bool
}

func (p *parser) skip(n int) {
	if n <= 0 || n > len(p.rest) {
		p.bad, p.rest = true, nil
		return
	}
	p.rest = p.rest[n:]
}

func (p *parser) uvarint() uint64 {
	v, n := binary.Uvarint(p.rest)
	p.skip(n)
	return v
}

func (p *parser) varint() int64 {
	v, n := binary.Varint(p.rest)
	p.skip(n)
	return v
}

func (p *parser) bytes() []byte {
	n := p.uvarint()
	if n > uint64(len(p.rest)) {
		p.bad = true
		return nil
	}
	text := p.rest[:n:n]
	p.rest = p.rest[n:]
	return text
}

// recover holds the rows of all batches that were begun and not settled to be in doubt.
func (s *Store) recover() error {
	return s.scan([]byte{intentPrefix}, []byte{intentPrefix + 1}, func(key, value []byte) error {
		n, err := parseIntent(value)
		if err != nil {
			return err
		}
		return s.doubt(n, key)
	})
}

// doubt stores that the endpoint may have these rows, or the ones before them, or neither, and deletes the intent
// that says so. Intents are taken one by one: two may have a key in common. A note from elsewhere, without the key of an
// intent, is all that is known of its sync, so it also tells that this sync took place and died.
func (s *Store) doubt(n note, intent []byte) error {
	st := &Stream{store: s, identity: n.identity}
	if err := st.load(n.keyFields); err != nil {
		return err
	}
	if intent == nil {
		st.turn(n.generation)
		st.meta.Open = true
	}
	batch := s.db.NewIndexedBatch()
	for _, row := range n.rows {
		key := appendKey(nil, entryPrefix, st.meta.ID, row.Key)
		was, ok, err := readEntry(batch, key)
		if err != nil {
			return errors.Join(err, batch.Close())
		}
		if e, known := doubtful(was, ok, row); known {
			set(batch, key, e.append(nil), false)
		}
		st.meta.Next = max(st.meta.Next, row.Mark.ordinal+1)
	}
	set(batch, metaKey(n.identity), st.meta.encode(), false)
	if intent != nil {
		set(batch, intent, nil, true)
	}
	return s.apply(batch, pebble.NoSync) // what is lost is found again
}

// doubtful makes the entry of a row in doubt from the one before, if there was one. There is none to make
// where a removal in doubt is of a row that is not there.
func doubtful(was entry, ok bool, row Row) (e entry, known bool) {
	switch {
	case !ok && row.removed():
		return entry{}, false
	case !ok:
		return entry{digest: doubtAdded, ordinal: row.Mark.ordinal}, true
	case row.removed() || was.digest == doubtAdded:
		return entry{digest: doubtAdded, ordinal: was.ordinal}, true
	}
	return entry{digest: doubtChanged, ordinal: was.ordinal}, true
}
