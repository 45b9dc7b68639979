package payload

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/failure"
	"destination-webhook/destination/route"
)

// appendKey appends the value of primary_key: a string, or an array of strings for a composite key.
// If a field is missing, nothing is appended and its path returned. values has the fields of the
// key in their order.
func appendKey(dst []byte, r *route.Route, values [][]byte) (key []byte, missing []string) {
	start, composite := len(dst), len(r.Key) > 1
	if composite {
		dst = append(dst, '[')
	}
	for i, path := range r.Key {
		value := values[i]
		if value == nil || value[0] == 'n' {
			return dst[:start], path
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendKeyField(dst, value)
	}
	if composite {
		dst = append(dst, ']')
	}
	return dst, nil
}

// errMissingKey is the error of a record that has no value for a field of its key.
func errMissingKey(r *route.Route, field []string) error {
	return failure.Config(fmt.Errorf("stream %s: a record has no value for %q of its primary key: fix the record, choose another key in streams[].primary_key, or use sync mode insert",
		r.Title(), field))
}

// appendKeyField appends a key's value as a JSON string: a string by its shortest escapes, so that
// one key has one form; a number by its own digits; anything else by its JSON text.
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
