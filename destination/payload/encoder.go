package payload

import (
	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// deletedAt is the field by which Airbyte's CDC sources mark a deleted row: it is not null then.
const deletedAt = "_ab_cdc_deleted_at"

// Options say what an Encoder writes beside the data.
type Options struct {
	Metadata    bool // rows carry the metadata of their records
	DeadLetters bool // rows may become dead letters
	KeyHash     KeyHash
	Differ      Differ
}

// Differ finds what a record changes about what the endpoint has. It is nil for streams that are
// not compared.
type Differ interface {
	// Diff appends to version what it needs to know once the row is confirmed. deleted is set if
	// the source marks the row as deleted.
	Diff(key Key, data []byte, deleted bool, version []byte) (Change, error)
}

// Change is what a record changes.
type Change struct {
	Operation  Operation // Skipped if nothing changes
	Key        []byte    // as the endpoint got it first
	Suppressed bool      // the mode does not send the operation, and yet it has to be confirmed in its place
	Version    []byte
}

// Encoder turns the records of one stream into rows. It splices a record's data between what it
// adds, and never decodes it. One goroutine uses it; a row is valid until the next one.
type Encoder struct {
	route   *route.Route
	options Options
	lookup  *protocol.Lookup

	row    batching.Row
	values [][]byte // of the key's fields, then of deletedAt, if the decoder has not found them
	keys   keyReader
	key    Key // of the current record
}

// NewEncoder makes the encoder of a stream.
func NewEncoder(r *route.Route, o Options) *Encoder {
	paths := append([][]string{}, r.Key...)
	return &Encoder{
		route: r, options: o,
		lookup: protocol.NewLookup(append(paths, []string{deletedAt})...),
		row:    batching.Row{Open: []byte(rowOpen)},
		keys:   keyReader{route: r},
	}
}

// Lookup returns what the encoder looks for in each record, for a decoder that finds it on its way.
func (e *Encoder) Lookup() *protocol.Lookup { return e.lookup }

// Encode returns the row of a record, nil if it changes nothing that the mode sends.
func (e *Encoder) Encode(r *protocol.Record) (*batching.Row, error) {
	row := &e.row
	row.Data, row.Key, row.Suppressed = r.Data, 0, false
	e.key = Key{}
	if e.keepsMetadata() {
		row.Metadata = beginMetadata(row.Metadata)
	}
	operation, err := e.classify(r)
	if operation == Skipped || err != nil {
		return nil, err
	}
	if len(e.key.Sent) > 0 {
		row.Key = e.options.KeyHash.of(e.key.ID())
	}
	shown := r
	if !e.options.Metadata {
		shown = nil
	}
	row.Close = appendClose(row.Close[:0], operation, e.key.Sent, shown)
	if e.options.DeadLetters {
		row.Metadata = appendRecord(row.Metadata, r)
	}
	return row, nil
}

// Removal returns the row of one that was found to have left. data is nil if it is not known: the
// key has to do then. A suppressed row is not sent.
func (e *Encoder) Removal(key, data []byte, suppressed bool, version func(dst []byte) []byte) *batching.Row {
	row := &e.row
	if row.Data = data; data == nil {
		row.Data = []byte("{}")
	}
	row.Close = appendClose(row.Close[:0], Removed, key, nil)
	row.Metadata = endVersion(version(beginMetadata(row.Metadata)))
	row.Key, row.Suppressed = e.options.KeyHash.of(key), suppressed
	return row
}

func (e *Encoder) keepsMetadata() bool { return e.options.DeadLetters || e.options.Differ != nil }

// classify reads the key and finds the operation: by the Differ, if there is one. Without it only a
// deletion is known to be one, and an upsert's rows have no operation.
func (e *Encoder) classify(r *protocol.Record) (operation Operation, err error) {
	if len(e.route.Key) == 0 {
		return Added, nil
	}
	values := r.Fields
	if values == nil {
		e.values = e.lookup.Find(r.Data, e.values)
		values = e.values
	}
	var missing []string
	e.key, missing = e.keys.read(values)
	if e.route.Mode == config.Insert {
		return Added, nil
	}
	if missing != nil {
		return e.keyless(missing)
	}
	mark := values[len(values)-1]
	deleted := mark != nil && mark[0] != 'n'
	switch {
	case e.options.Differ != nil:
		return e.diff(r, deleted)
	case deleted:
		return Removed, nil
	case e.route.Mode == config.Remove:
		return Skipped, nil
	}
	return Upserted, nil
}

// keyless lets a record without its key pass if it may become a dead letter: it is settled in its
// place, and not sent.
func (e *Encoder) keyless(missing []string) (Operation, error) {
	if !e.options.DeadLetters {
		return Upserted, errMissingKey(e.route, missing)
	}
	e.row.Suppressed = true
	return Upserted, nil
}

func (e *Encoder) diff(r *protocol.Record, deleted bool) (Operation, error) {
	change, err := e.options.Differ.Diff(e.key, r.Data, deleted, e.row.Metadata)
	if err != nil {
		return change.Operation, err
	}
	e.row.Metadata, e.row.Suppressed = endVersion(change.Version), change.Suppressed
	e.key.Sent = change.Key
	return change.Operation, nil
}
