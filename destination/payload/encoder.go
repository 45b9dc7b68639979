package payload

import (
	"bytes"
	"slices"
	"strconv"

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
	// Waits reports whether a rejected row of a key, whose hash it gets, waits to be tried again;
	// nil: none ever does. A record that changes nothing is still a suppressed row then, so
	// that it replaces the one that waits.
	Waits func(key uint64) bool
}

// Differ finds what a record changes about what the endpoint has. It is nil for streams that are
// not compared.
type Differ interface {
	// Diff appends to version what it needs to know once the row is confirmed. deleted is set if
	// the source marks the row as deleted.
	Diff(key Key, content Content, deleted bool, version []byte) (Change, error)
	// See notes that the source has a row of a key, which is not sent: it has not left.
	See(key Key) error
}

// Content is what is compared of a record.
type Content struct {
	Data   []byte
	Digest Digest // of the key as it is sent and of Data; the zero value: it is not known
}

// Digest stands for the key and the content of a record.
type Digest [16]byte

// Change is what a record changes.
type Change struct {
	Operation Operation // Skipped if nothing changes
	Key       []byte    // as the endpoint got it first
	// The mode does not send the operation, and yet it has to be confirmed in its place.
	Suppressed bool
	Version    []byte
}

// Encoder turns the records of one stream into rows. It splices a record's data between what it
// adds, and never decodes it. One goroutine uses it; a row is valid until the next one.
type Encoder struct {
	route   *route.Route
	options Options
	lookup  *protocol.Lookup

	row       batching.Row
	fullRows  bool       // rows show their operation and their key
	hides     bool       // what is sent of a row does not show them as an envelope does
	keeps     bool       // each row has metadata
	program   *transform // nil: rows are sent as they come
	separator string     // between the outputs of a row
	output    output     // of the program, for the current record
	form      []byte     // the buffer of a row as form fields
	sent      []byte     // the buffer of the outputs in a row
	compared  []byte     // the buffer of what the snapshot compares
	values    [][]byte   // of the key's fields, then of deletedAt, if the decoder has not found them
	keys      keyReader
	key       Key    // of the current record
	reason    string // why it is rejected before it is sent; "" if it is not
	retry     Retry  // of the current record
	digest    Digest // of the current record; see Content
}

// NewEncoder makes the encoder of a stream.
func NewEncoder(r *route.Route, o Options) *Encoder {
	paths := append([][]string{}, r.Key...)
	e := &Encoder{
		route: r, options: o,
		lookup:  protocol.NewLookup(append(paths, []string{deletedAt})...),
		keys:    keyReader{route: r},
		program: newTransform(r),
	}
	if e.program != nil {
		e.separator = Frame(r, false).Separator
	}
	// What is the same for all rows is decided once: asking the settings copies them.
	e.fullRows = r.Payload.FullRows()
	e.hides = !e.fullRows || r.Payload.Format == config.Form || e.program != nil
	e.keeps = o.DeadLetters || o.Differ != nil || r.Schema != nil || e.hides
	return e
}

// Lookup returns what the encoder looks for in each record, for a decoder that finds it on its way.
func (e *Encoder) Lookup() *protocol.Lookup { return e.lookup }

// Encode returns the row of a record, nil if it changes nothing that the mode sends; Operation
// tells what the record is counted as then.
func (e *Encoder) Encode(r *protocol.Record) (*batching.Row, error) {
	row := &e.row
	row.Key, row.Line, row.Suppressed, row.Operation = 0, 0, false, protocol.Upserted
	e.key, e.reason, e.output.operation = Key{}, "", Skipped
	row.Metadata = row.Metadata[:0]
	if e.keeps || r.Rejection != nil {
		row.Metadata = beginMetadata(row.Metadata)
	}
	operation, err := e.classify(r)
	if err != nil {
		return nil, err
	}
	if operation != Skipped || e.options.Differ != nil {
		row.Operation = operation.counted()
	}
	if r.Fault != nil {
		row.Suppressed, e.reason = true, r.Fault.Problem
	}
	if len(e.key.Sent) > 0 {
		row.Key = e.options.KeyHash.Of(e.key.ID())
	}
	unchanged := operation == Skipped
	if unchanged {
		if !e.replaces() {
			return nil, nil
		}
		operation, row.Suppressed, row.Metadata = Upserted, true, beginMetadata(row.Metadata)
		if e.reason != "" {
			row.Operation = protocol.Upserted // it is not unchanged, but rejected
		}
	}
	shown := r
	if !e.options.Metadata {
		shown = nil
	}
	if e.program != nil && !unchanged {
		e.transform(operation, r.EmittedAt, r.Data)
	}
	if operation != Removed { // a removed row may have nothing but its key
		e.validate(r.Data)
	}
	e.write(operation, e.key.Sent, r.Data, shown)
	if e.options.DeadLetters {
		row.Metadata = appendRecord(row.Metadata, r)
	}
	e.endMetadata()
	if r.Rejection != nil {
		row.Metadata = appendTexts(row.Metadata, hasRejection, r.Rejection)
	}
	return row, nil
}

// EncodeDigested returns the row of a record whose digest may be known, as Encode does.
func (e *Encoder) EncodeDigested(r *protocol.Record, digest Digest) (*batching.Row, error) {
	e.digest = digest
	row, err := e.Encode(r)
	e.digest = Digest{}
	return row, err
}

// Operation returns what the last record is counted as.
func (e *Encoder) Operation() protocol.Operation { return e.row.Operation }

// EncodeRetry returns the row of a record that was rejected before, as Encode does.
func (e *Encoder) EncodeRetry(r *protocol.Record, retry Retry) (*batching.Row, error) {
	e.retry = retry
	defer func() { e.retry = Retry{} }()
	return e.Encode(r)
}

// replaces reports whether the current record, which changes nothing, replaces a row that waits.
func (e *Encoder) replaces() bool {
	return e.options.Waits != nil && e.retry.ID == "" && e.row.Key != 0 && e.options.Waits(e.row.Key)
}

// endMetadata ends the metadata of a row with the reason why it is rejected, if it is, and with its
// retry, if it is one.
func (e *Encoder) endMetadata() {
	if e.reason != "" {
		e.row.Metadata = appendTexts(e.row.Metadata, hasReason, []byte(e.reason))
	}
	if e.retry.ID != "" {
		e.row.Metadata = appendTexts(e.row.Metadata, hasRetry, []byte(e.retry.ID), strconv.AppendInt(nil, int64(e.retry.Syncs), 10))
	}
}

// transform runs the program on a row, unless it has run as for the row's operation and key.
func (e *Encoder) transform(operation Operation, emittedAt, data []byte) {
	p, o := e.program, &e.output
	if o.operation == Skipped || p.readsOperation && o.operation != operation || p.readsKey && !bytes.Equal(o.key, e.key.Sent) {
		p.run(o, operation, e.key.Sent, emittedAt, data)
	}
	if operation == Removed && !p.readsOperation {
		o.orEmpty() // a program that only selects rows does not know that this one is to go
	}
	switch {
	case e.reason == "" && o.reason != "":
		e.row.Suppressed, e.reason = true, o.reason
	case len(o.ends) == 0:
		e.row.Suppressed = true
	}
}

// validate rejects a row if something that is sent of it does not fit the schema.
func (e *Encoder) validate(data []byte) {
	if e.route.Schema == nil || e.row.Suppressed {
		return
	}
	reason := ""
	if e.program == nil {
		reason = e.route.Schema.Check(data)
	}
	for value := range e.output.each() {
		if reason == "" {
			reason = e.route.Schema.Check(value)
		}
	}
	if reason != "" {
		e.row.Suppressed, e.reason = true, "payload.schema: "+reason
	}
}

// Removal returns the row of one that was found to have left. data is nil if it is not known: the
// key has to do then. A suppressed row is not sent.
func (e *Encoder) Removal(key, data []byte, suppressed bool, version func(dst []byte) []byte) *batching.Row {
	row := &e.row
	if data == nil {
		data = []byte("{}")
	}
	row.Metadata = endVersion(version(beginMetadata(row.Metadata)))
	row.Key, row.Line, row.Suppressed, row.Operation = e.options.KeyHash.Of(key), 0, suppressed, protocol.Removed
	e.key, e.reason, e.output.operation = Key{Sent: key}, "", Skipped
	if e.program != nil && !suppressed {
		e.transform(Removed, nil, data)
	}
	e.write(Removed, key, data, nil)
	e.endMetadata()
	return row
}

// write sets what is sent of a row, and keeps what that does not show. record has the metadata to
// be shown; nil: none is.
func (e *Encoder) write(operation Operation, key, data []byte, record *protocol.Record) {
	row, p := &e.row, &e.route.Payload
	row.Open, row.Data, row.Close = nil, data, row.Close[:0]
	switch {
	case e.program != nil && e.output.operation != Skipped:
		e.sent = e.output.joined(e.sent[:0], e.separator)
		row.Data = e.sent
	case p.Format == config.NDJSON:
		row.Data = oneLine(data)
	}
	if e.fullRows {
		row.Open, row.Close = open, appendClose(row.Close, operation, key, record)
	}
	if e.hides {
		row.Metadata = appendHidden(row.Metadata, operation, key)
	}
	if p.Format == config.Form || e.program != nil {
		row.Metadata = appendTexts(row.Metadata, hasData, data)
	}
	if p.Format == config.Form {
		e.fields()
	}
}

// fields makes form fields of a row.
func (e *Encoder) fields() {
	row := &e.row
	object := slices.Concat(row.Open, row.Data, row.Close)
	e.form, _ = appendForm(e.form[:0], object) // it is an object
	row.Open, row.Data, row.Close = nil, e.form, row.Close[:0]
}

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
		return e.keyless(values, missing)
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

// NoKey is the reason why a record without its key is rejected.
const NoKey = "it has no value for its primary key"

// keyless lets a record without its key pass if it may become a dead letter: it is settled in its
// place, and not sent. The endpoint may have the row of a key with missing parts from syncs that
// sent such keys.
func (e *Encoder) keyless(values [][]byte, missing []string) (Operation, error) {
	if !e.options.DeadLetters {
		return Upserted, errMissingKey(e.route, missing)
	}
	e.row.Suppressed, e.reason = true, NoKey
	if e.options.Differ == nil || len(e.route.Key) == 1 {
		return Upserted, nil
	}
	return Upserted, e.options.Differ.See(e.keys.partial(values))
}

// diff finds the operation by what is sent of the record. With a program that is what the program
// yields for a changed row: the operation is not known before.
func (e *Encoder) diff(r *protocol.Record, deleted bool) (Operation, error) {
	content := Content{Data: r.Data, Digest: e.digest}
	if e.program != nil && !deleted {
		e.program.run(&e.output, Changed, e.key.Sent, r.EmittedAt, r.Data)
		e.compared = e.output.compared(e.compared[:0], r.Data)
		content = Content{Data: e.compared}
	}
	change, err := e.options.Differ.Diff(e.key, content, deleted, e.row.Metadata)
	if err != nil {
		return change.Operation, err
	}
	e.row.Metadata, e.row.Suppressed = endVersion(change.Version), change.Suppressed
	e.key.Sent = change.Key
	return change.Operation, nil
}
