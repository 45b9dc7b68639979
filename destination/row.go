package destination

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/batching"
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
	values [][]byte // of the key's fields, then of deletedAt
	key    []byte   // the encoded primary key
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

// encode returns the row for a record; nil where the mode sends none.
func (e *encoder) encode(r *protocol.Record) (*batching.Row, error) {
	row := &e.row
	row.Data, row.Close, row.Key, row.Unfit = r.Data, row.Close[:0], 0, false
	operation := "added"
	if len(e.route.key) > 0 || e.route.mode != Insert {
		e.values = e.lookup.Find(r.Data, e.values)
		if e.route.mode != Insert {
			if operation = e.operation(); operation == skip {
				return nil, nil
			}
		}
	}
	if operation != "" {
		row.Close = append(append(append(row.Close, `,"operation":"`...), operation...), '"')
	}
	if len(e.route.key) > 0 {
		if err := e.appendKey(); err != nil {
			if !e.letters {
				return nil, err
			}
			row.Unfit = true
		}
	}
	if e.letters {
		row.Note = appendNote(row.Note[:0], r)
	}
	if e.metadata {
		row.Close = appendMember(row.Close, `,"emitted_at":`, r.EmittedAt)
		row.Close = appendMember(row.Close, `,"changes":`, r.Changes)
	}
	row.Close = append(row.Close, '}')
	return row, nil
}

// skip is the operation of a record that the mode does not send.
const skip = "skip"

// operation tells added, changed and removed apart as far as the record alone does: without a snapshot only a deletion is
// known.
func (e *encoder) operation() string {
	marker := e.values[len(e.values)-1]
	switch {
	case marker != nil && marker[0] != 'n':
		return "removed"
	case e.route.mode == Remove:
		return skip
	}
	return ""
}

// appendKey adds the member primary_key: a string, or an array of strings for a composite key. A row of an insert may be
// without one.
func (e *encoder) appendKey() error {
	e.key = e.key[:0]
	for i, path := range e.route.key {
		value := e.values[i]
		if value == nil || value[0] == 'n' {
			if e.route.mode == Insert {
				return nil
			}
			return &missingKey{stream: e.route.title(), field: path}
		}
		if i > 0 {
			e.key = append(e.key, ',')
		}
		e.key = appendKeyField(e.key, value)
	}
	e.row.Key = maphash.Bytes(e.seed, e.key)
	e.row.Close = append(e.row.Close, `,"primary_key":`...)
	if len(e.route.key) == 1 {
		e.row.Close = append(e.row.Close, e.key...)
	} else {
		e.row.Close = append(append(append(e.row.Close, '['), e.key...), ']')
	}
	return nil
}

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
