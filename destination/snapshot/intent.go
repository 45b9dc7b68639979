package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// encodeIntent encodes that a batch is about to be sent: everything by which a later sync, perhaps
// on an older copy of the store, can make its rows uncertain. Without rows it says that a sync of
// the stream's generation began.
func (st *Stream) encodeIntent(rows []Row) []byte {
	buf := make([]byte, 0, 64+64*len(rows))
	buf = append(buf, 0) // which no intent of versionBefore begins with
	for _, text := range []string{st.id.Stream, st.meta.Endpoint, st.meta.Key} {
		buf = appendBytes(buf, []byte(text))
	}
	buf = binary.AppendVarint(buf, st.meta.Generation)
	for _, row := range rows {
		removed, data := uint64(0), row.Data
		if row.removed() {
			removed = 1
		}
		if row.removed() || !st.store.options.KeepRows {
			data = nil
		}
		buf = appendBytes(buf, row.Key)
		buf = binary.AppendUvarint(buf, removed)
		buf = appendBytes(buf, data)
		buf = row.Version.revision.append(append(buf, row.Version.digest[:]...))
	}
	return buf
}

func appendBytes(buf, text []byte) []byte {
	return append(binary.AppendUvarint(buf, uint64(len(text))), text...)
}

// intent is a decoded intent.
type intent struct {
	stream, endpoint, key string // as in the meta of the stream
	generation            int64
	rows                  []Row // with key and data, and the digest of a removal
}

func parseIntent(buf []byte) (intent, error) {
	p := parser{rest: buf}
	before := len(buf) > 0 && buf[0] != 0 // it is one of versionBefore
	if !before {
		p.skip(1)
	}
	name, endpoint, key := string(p.bytes()), string(p.bytes()), string(p.bytes())
	n := intent{stream: name, endpoint: endpoint, key: key, generation: p.varint()}
	for len(p.rest) > 0 && !p.bad {
		row := Row{Key: p.bytes()}
		if p.uvarint() == 1 {
			row.Version.digest = tombstone
		}
		row.Data = p.bytes()
		if !before {
			row.Version.digest, row.Version.revision = p.digest(), p.revision()
		}
		n.rows = append(n.rows, row)
	}
	if p.bad {
		return intent{}, fmt.Errorf("%w (an intent of %d bytes)", errMalformed, len(buf))
	}
	return n, nil
}

// recover makes the rows of all batches uncertain that were begun and not confirmed.
func (s *Store) recover() error {
	return s.scan([]byte{intentPrefix}, []byte{intentPrefix + 1}, func(key, value []byte) error {
		n, err := parseIntent(value)
		if err != nil {
			return err
		}
		return s.markUncertain(n, key)
	})
}

// markUncertain stores that the endpoint may have these rows, or the ones before them, or neither,
// and deletes the intent that says so. Intents are adopted one by one: two may have a key in
// common. An intent from elsewhere, for which intent is nil, is all that is known of its sync, so
// it also shows that this sync took place and died.
func (s *Store) markUncertain(n intent, intent []byte) error {
	st := &Stream{store: s, id: Identity{Stream: n.stream, Title: n.stream}}
	if err := st.loadFor(n); err != nil {
		return err
	}
	batch, err := s.db.newIndexedBatch(st.keysOf(n.rows))
	if err != nil {
		return err
	}
	for _, row := range n.rows {
		if err := st.markUncertain(batch, row); err != nil {
			return errors.Join(err, batch.Close())
		}
	}
	if intent == nil {
		st.meta.markIncomplete(n.generation)
	} else {
		set(batch, intent, nil, true)
	}
	set(batch, metaKey(st.id.Stream), st.meta.encode(), false)
	return s.apply(batch, pebble.NoSync) // what is lost is found again
}

// keysOf returns the database's keys that markUncertain reads for rows.
func (st *Stream) keysOf(rows []Row) [][]byte {
	var keys [][]byte
	for _, row := range rows {
		keys = append(keys, appendKey(nil, entryPrefix, st.meta.ID, row.Key), appendKey(nil, gravePrefix, st.meta.ID, row.Key))
	}
	return keys
}

// markUncertain makes one row uncertain. One that is new gets an ordinal of its own: two syncs that
// did not know of each other may have given out the same.
func (st *Stream) markUncertain(batch writeBatch, row Row) error {
	key := appendKey(nil, entryPrefix, st.meta.ID, row.Key)
	was, ok, err := readEntry(batch, key)
	if err != nil {
		return err
	}
	if !ok && row.removed() {
		return nil // of a row that is not there
	}
	if !ok {
		was = entry{digest: uncertainAdded, ordinal: st.meta.Next, revision: st.newest()}
		st.meta.Next++
		if err := st.noteSpelling(batch, batch, row.Key); err != nil {
			return err
		}
		grave, buried, err := readEntry(batch, appendKey(nil, gravePrefix, st.meta.ID, row.Key))
		if err != nil {
			return err
		}
		if buried {
			was.revision = grave.revision
		}
	}
	set(batch, key, was.uncertainAfter(row).append(nil), false)
	if len(row.Data) > 0 && st.store.options.KeepRows {
		key[0] = rowPrefix
		set(batch, key, row.Data, false)
	}
	return nil
}

// uncertainAfter returns the entry after a row was sent and its outcome is not known.
func (e entry) uncertainAfter(row Row) entry {
	after := entry{digest: uncertainChanged, ordinal: e.ordinal, revision: e.revision}
	if row.removed() || e.digest == uncertainAdded {
		after.digest = uncertainAdded
	}
	if v := row.Version; v.changes > 0 && v.before().compare(e.revision) >= 0 {
		after.revision, after.sent = v.before(), v.digest
	}
	return after
}
