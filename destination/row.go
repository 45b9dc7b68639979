package destination

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/protocol"
)

// deletedAt is the field by which Airbyte's CDC sources mark a deleted row: it is not null then.
const deletedAt = "_ab_cdc_deleted_at"

// encoder turns records of one stream into rows. It splices the record's data between what it adds, and never decodes it.
// One goroutine uses it; a row is valid until the next one.
type encoder struct {
	route    *route
	metadata bool
	letters  bool // rows may become dead letters
	lookup   *protocol.Lookup
	seed     maphash.Seed

	row    batching.Row
	values [][]byte // of the key's fields, then of deletedAt, where the decoder has not found them
	key    []byte   // the value of primary_key; empty where there is none
}

func newEncoder(r *route, metadata, letters bool, seed maphash.Seed) *encoder {
	paths := append([][]string{}, r.key...)
	return &encoder{
		route: r, metadata: metadata, letters: letters, seed: seed,
		lookup: protocol.NewLookup(append(paths, []string{deletedAt})...),
		row:    batching.Row{Open: []byte(`{"data":`)},
	}
}

// frame is the envelope around the rows of a batch. Its members and their order are part of the contract. With metadata,
// s is where the stream stands in the catalog; without, nil.
func frame(r *route, s *protocol.ConfiguredStream) batching.Frame {
	b := append([]byte(`{"sync_mode":`), quote(string(r.mode))...)
	if s != nil {
		b = append(append(b, `,"stream":`...), quote(r.name)...)
		if r.namespace != "" {
			b = append(append(b, `,"namespace":`...), quote(r.namespace)...)
		}
		b = strconv.AppendInt(append(b, `,"sync_id":`...), s.SyncID, 10)
		b = strconv.AppendInt(append(b, `,"generation_id":`...), s.GenerationID, 10)
	}
	return batching.Frame{Prefix: string(b) + `,"rows":[`, Separator: ",", Suffix: "]}"}
}

func quote(s string) []byte {
	b, _ := jsontext.AppendQuote(nil, s) // the error is about invalid UTF-8, which becomes U+FFFD
	return b
}

// encode returns the row for a record; nil where nothing is to be sent.
func (e *encoder) encode(r *protocol.Record) (*batching.Row, error) {
	row := &e.row
	row.Data, row.Close, row.Metadata, row.Key, row.Suppressed = r.Data, row.Close[:0], row.Metadata[:0], 0, false
	operation, err := e.classify(r)
	if operation == skip || err != nil {
		return nil, err
	}
	if operation != "" {
		row.Close = append(append(append(row.Close, `,"operation":"`...), operation...), '"')
	}
	if len(e.key) > 0 {
		row.Key = e.hash(e.key)
		row.Close = append(append(row.Close, `,"primary_key":`...), e.key...)
	}
	if e.metadata {
		row.Close = appendMember(row.Close, `,"emitted_at":`, r.EmittedAt)
		row.Close = appendMember(row.Close, `,"changes":`, r.Changes)
	}
	row.Close = append(row.Close, '}')
	if e.letters {
		row.Metadata = appendNote(row.Metadata, r)
	}
	return row, nil
}

// skip is the operation of a record that is not sent.
const skip = "skip"

// classify reads the key and finds the operation: by the snapshot where there is one. Without it only a deletion is known
// to be one, and an upsert's rows have no operation.
func (e *encoder) classify(r *protocol.Record) (operation string, err error) {
	if e.key = e.key[:0]; len(e.route.key) == 0 {
		return "added", nil
	}
	values := r.Fields
	if values == nil {
		e.values = e.lookup.Find(r.Data, e.values)
		values = e.values
	}
	if missing := e.readKey(values); missing != nil && e.route.mode != config.Insert {
		e.row.Suppressed = true
		if !e.letters {
			return "", missing
		}
		return "", nil
	}
	deleted := values[len(values)-1]
	removed := deleted != nil && deleted[0] != 'n'
	switch a := e.route.audience; {
	case e.route.mode == config.Insert:
		return "added", nil
	case a != nil:
		operation, e.row.Suppressed, err = a.change(e.key, r.Data, removed)
		e.row.Metadata = a.mark.Append(append(e.row.Metadata, marked))
		return operation, err
	case removed:
		return "removed", nil
	case e.route.mode == config.Remove:
		return skip, nil
	}
	return "", nil
}

// readKey writes the value of primary_key: a string, or an array of strings for a composite key. Where a field is missing
// there is none.
func (e *encoder) readKey(values [][]byte) error {
	composite := len(e.route.key) > 1
	if composite {
		e.key = append(e.key, '[')
	}
	for i, path := range e.route.key {
		value := values[i]
		if value == nil || value[0] == 'n' {
			e.key = e.key[:0]
			return &missingKey{stream: e.route.title(), field: path}
		}
		if i > 0 {
			e.key = append(e.key, ',')
		}
		e.key = appendKeyField(e.key, value)
	}
	if composite {
		e.key = append(e.key, ']')
	}
	return nil
}

// hash is what keeps rows of one key in order; see batching.Row.
func (e *encoder) hash(key []byte) uint64 { return max(1, maphash.Bytes(e.seed, key)) }

// appendKeyField writes a key's value as a JSON string: a string by its shortest escapes, so that one key has one form; a
// number by its own digits; anything else by its JSON text.
func appendKeyField(dst, value []byte) []byte {
	if value[0] != '"' {
		if value[0] == '{' || value[0] == '[' {
			dst, _ = jsontext.AppendQuote(dst, value)
			return dst
		}
		return append(append(append(dst, '"'), value...), '"')
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return append(dst, value...)
	}
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil { // a lone surrogate: it has no other form
		return append(dst, value...)
	}
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}

func appendMember(dst []byte, name string, value []byte) []byte {
	if value == nil {
		return dst
	}
	return append(append(dst, name...), value...)
}

// missingKey says that a record has no value for a field of its key.
type missingKey struct {
	stream string
	field  []string
}

func (e *missingKey) Error() string {
	return fmt.Sprintf("stream %s: a record has no value for %q of its primary key: mend the record, choose another key in streams[].primary_key, or use sync mode insert", e.stream, e.field)
}
