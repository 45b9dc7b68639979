package snapshot

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/postgres"
)

// tables is a database in PostgreSQL. It has the keys of layout.go in columns.
type tables struct {
	*postgres.Tables

	committing sync.Mutex // so that what is kept is never written over by what was kept before

	mu      sync.Mutex
	chunks  []*chunk
	written map[string][]byte // by key, what has still to be written; nil: removed
}

// tableOf are the tables whose keys are of a stream.
var tableOf = map[byte]postgres.Table{
	entryPrefix: postgres.Entries, gravePrefix: postgres.Tombstones, rowPrefix: postgres.Rows, spellPrefix: postgres.Spellings,
}

// splitKey returns a key's table, stream and key in the table. ok is false for one that is not of
// these tables.
func splitKey(key []byte) (k postgres.Keys, own []byte, ok bool) {
	if len(key) < 5 {
		return k, nil, false
	}
	k.Table, ok = tableOf[key[0]]
	k.Stream = binary.BigEndian.Uint32(key[1:])
	return k, key[5:], ok
}

// valueOf is a value of layout.go in columns.
func valueOf(prefix byte, value []byte) (*postgres.Value, error) {
	if prefix == rowPrefix || prefix == spellPrefix {
		return &postgres.Value{Data: append([]byte{}, value...)}, nil
	}
	e, err := parseEntry(value)
	v := &postgres.Value{Digest: e.digest[:], Ordinal: e.ordinal, Born: e.born, Changes: e.changes}
	if e.digest.uncertain() {
		v.Sent = e.sent[:]
	}
	return v, err
}

// appendValue is the reverse of valueOf.
func appendValue(buf []byte, t postgres.Table, v *postgres.Value) []byte {
	switch t {
	case postgres.Rows, postgres.Spellings:
		return append(buf, v.Data...)
	case postgres.Tombstones:
		return entry{digest: tombstone, revision: revision{v.Born, v.Changes}}.append(buf)
	}
	e := entry{ordinal: v.Ordinal, revision: revision{v.Born, v.Changes}}
	copy(e.digest[:], v.Digest)
	copy(e.sent[:], v.Sent)
	return e.append(buf)
}

// Get reads one value. One that was not looked up ahead takes a query of its own.
func (d *tables) Get(key []byte) ([]byte, io.Closer, error) {
	if value, known, err := d.own(key); known || err != nil {
		return value, nothing{}, err
	}
	value, found, err := d.fetchOne(key)
	if err == nil && !found {
		err = pebble.ErrNotFound
	}
	return value, nothing{}, err
}

func (d *tables) fetchOne(key []byte) (value []byte, found bool, err error) {
	switch key[0] {
	case metaPrefix:
		value, found, err = d.Meta(context.Background(), string(key[1:]))
	case seenPrefix:
		value, found, err = d.Seen(context.Background(), binary.BigEndian.Uint32(key[1:]))
	default:
		var read fetched
		if read, err = d.fetch([][]byte{key}); err == nil {
			value = read[string(key)]
			found = value != nil
		}
	}
	return value, found, err
}

// own returns a value that has still to be written, or was looked up ahead.
func (d *tables) own(key []byte) (value []byte, known bool, err error) {
	d.mu.Lock()
	if value, known = d.written[string(key)]; known {
		d.mu.Unlock()
		return value, true, nil
	}
	c := d.chunkOf(key)
	d.mu.Unlock()
	if c != nil {
		value, err = c.get(key)
		known = err == nil
	}
	if known && value == nil {
		err = pebble.ErrNotFound
	}
	return value, known, err
}

// nothing is the closer of what needs none.
type nothing struct{}

func (nothing) Close() error { return nil }

// fetched is what a query found: the value of each key, nil if it is not there.
type fetched map[string][]byte

// fetch reads the values of keys by one query for each table.
func (d *tables) fetch(keys [][]byte) (fetched, error) {
	found := make(fetched, len(keys))
	var queries []postgres.Keys
	place := map[[2]uint32]int{}
	for _, key := range keys {
		k, own, ok := splitKey(key)
		if !ok {
			return nil, fmt.Errorf("%w (a key of %d bytes)", errMalformed, len(key))
		}
		found[string(key)] = nil
		at := [2]uint32{uint32(k.Table), k.Stream} //nolint:gosec // there are few tables
		if _, known := place[at]; !known {
			place[at] = len(queries)
			queries = append(queries, k)
		}
		q := &queries[place[at]]
		q.Keys = append(q.Keys, own)
	}
	err := d.Lookup(context.Background(), queries, func(k *postgres.Keys, key []byte, v *postgres.Value) error {
		found[string(appendKey(nil, prefixOf(k.Table), k.Stream, key))] = appendValue([]byte{}, k.Table, v)
		return nil
	})
	return found, err
}

// prefixOf is the reverse of tableOf.
func prefixOf(t postgres.Table) byte {
	for prefix, table := range tableOf {
		if table == t {
			return prefix
		}
	}
	return 0
}

func (d *tables) set(key, value []byte, how *pebble.WriteOptions) error {
	if how == pebble.NoSync { // it goes with the next write that is waited for
		d.mu.Lock()
		defer d.mu.Unlock()
		d.keep(string(key), append([]byte{}, value...))
		return nil
	}
	b := &tableBatch{from: d}
	_ = b.Set(key, value, nil) // it works in memory
	return d.commit(b, how)
}

func (d *tables) keep(key string, value []byte) {
	if d.written == nil {
		d.written = map[string][]byte{}
	}
	d.written[key] = value
}

// commit writes what was kept and then a batch, in one transaction.
func (d *tables) commit(b writeBatch, how *pebble.WriteOptions) error {
	batch := b.(*tableBatch)
	d.committing.Lock()
	defer d.committing.Unlock()
	d.mu.Lock()
	kept := maps.Clone(d.written)
	d.mu.Unlock()
	all := maps.Clone(kept)
	if all == nil {
		all = map[string][]byte{}
	}
	maps.Copy(all, batch.writes)
	changes, err := changesOf(all)
	if err != nil {
		return err
	}
	changes.Erased, changes.Lazy = batch.erased, how == pebble.NoSync
	if err := d.Apply(context.Background(), changes); err != nil {
		return err
	}
	d.committed(all, kept)
	return nil
}

// committed tells the chunks what was written, and drops what was kept, unless it was replaced
// meanwhile.
func (d *tables) committed(all, kept map[string][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.chunks {
		c.update(all)
	}
	for key, value := range kept {
		if bytes.Equal(d.written[key], value) {
			delete(d.written, key)
		}
	}
}

// changesOf turns writes into changes of tables.
func changesOf(writes map[string][]byte) (*postgres.Changes, error) {
	c := &postgres.Changes{}
	for key, value := range writes {
		if err := addChange(c, []byte(key), value); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func addChange(c *postgres.Changes, key, value []byte) error {
	switch key[0] {
	case metaPrefix:
		id, err := metaID(value)
		c.Metas = append(c.Metas, postgres.Meta{Name: string(key[1:]), ID: id, Text: value})
		return err
	case seenPrefix:
		c.Metas = append(c.Metas, postgres.Meta{ID: binary.BigEndian.Uint32(key[1:]), Seen: value})
		return nil
	case intentPrefix:
		n := postgres.Intent{Number: binary.BigEndian.Uint64(key[1:]), Data: value}
		var err error
		if value != nil {
			n.Stream, err = intentStream(value)
		}
		c.Intents = append(c.Intents, n)
		return err
	}
	k, own, ok := splitKey(key)
	if !ok {
		return fmt.Errorf("%w (a key of %d bytes)", errMalformed, len(key))
	}
	w := postgres.Write{Table: k.Table, Stream: k.Stream, Key: own}
	var err error
	if value != nil {
		w.Value, err = valueOf(key[0], value)
	}
	c.Writes = append(c.Writes, w)
	return err
}

func (d *tables) newBatch() writeBatch { return &tableBatch{from: d} }

func (d *tables) newIndexedBatch(keys [][]byte) (writeBatch, error) {
	read, err := d.fetch(keys)
	return &tableBatch{from: d, read: read}, err
}

// scan goes over the keys of one stream in one table, or over the intents.
func (d *tables) scan(from, to []byte, f func(key, value []byte) error) error {
	return d.scanPart(from, to, math.MaxInt, f)
}

func (d *tables) empty(from, to []byte) (bool, error) {
	err := d.scanPart(from, to, 1, func([]byte, []byte) error { return errStopped })
	if err == errStopped { //nolint:errorlint // it is ours
		return false, nil
	}
	return err == nil, err
}

func (d *tables) scanPart(from, _ []byte, limit int, f func(key, value []byte) error) error {
	k, _, ok := splitKey(from)
	if !ok {
		return fmt.Errorf("%w (a range of %d bytes)", errMalformed, len(from))
	}
	var key, value []byte
	return d.Scan(context.Background(), k.Table, k.Stream, limit, func(own []byte, v *postgres.Value) error {
		key = appendKey(key[:0], from[0], k.Stream, own)
		value = appendValue(value[:0], k.Table, v)
		return f(key, value)
	})
}

func (d *tables) erase(from, _ []byte) error {
	k, _, ok := splitKey(from)
	if !ok {
		return fmt.Errorf("%w (a range of %d bytes)", errMalformed, len(from))
	}
	return d.Erase(context.Background(), k.Table, k.Stream)
}
