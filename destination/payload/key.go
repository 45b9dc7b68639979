package payload

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/canonical"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/route"
)

// Key is the primary key of a record.
type Key struct {
	Sent []byte // the value of primary_key, with the record's own digits; empty if there is none
	// Identity is the same for all ways to write the key's numbers, lists and objects; empty if it
	// has none.
	Identity []byte
}

// ID is what tells the key from others; empty if there is none.
func (k *Key) ID() []byte {
	if len(k.Identity) > 0 {
		return k.Identity
	}
	return k.Sent
}

// keyReader reads the primary keys of a stream's records. Its buffers are reused.
type keyReader struct {
	route          *route.Route
	sent, identity []byte
	canonicalizer  canonical.Canonicalizer
}

// read reads the key from the values of its fields, in their order: a string, or an array of
// strings for a composite key, with nulls if parts of it may be missing. Otherwise, or if all are,
// there is no key, and the path of a field that is missing is returned. The key is valid until the
// next one.
func (k *keyReader) read(values [][]byte) (key Key, missing []string) {
	values = values[:len(k.route.Key)]
	if i := slices.IndexFunc(values, absent); i >= 0 && (!k.route.PartialKey || !slices.ContainsFunc(values, present)) {
		return Key{}, k.route.Key[i]
	}
	return k.partial(values), nil
}

// partial reads a key whose parts may be missing.
func (k *keyReader) partial(values [][]byte) (key Key) {
	values = values[:len(k.route.Key)]
	k.sent = appendFields(k.sent[:0], values, appendKeyField)
	key.Sent = k.sent
	variable, plain := spellings(values)
	switch {
	case variable && plain:
		key.Identity = k.sent
	case variable:
		k.identity = appendFields(k.identity[:0], values, k.appendIdentity)
		key.Identity = k.identity
	}
	return key
}

func absent(value []byte) bool  { return value == nil || value[0] == 'n' }
func present(value []byte) bool { return !absent(value) }

// spellings reports whether there are several ways to write the values, and whether they are
// written in the one form for all of them.
func spellings(values [][]byte) (variable, plain bool) {
	plain = true
	for _, value := range values {
		if present(value) && canonical.IsVariable(value) {
			variable, plain = true, plain && canonical.IsPlain(value)
		}
	}
	return variable, plain
}

// appendFields appends what is written of a key's values, as an array if they are several.
func appendFields(dst []byte, values [][]byte, write func(dst, value []byte) []byte) []byte {
	if len(values) == 1 {
		return write(dst, values[0])
	}
	for i, value := range values {
		dst = write(append(dst, "[,"[min(i, 1)]), value)
	}
	return append(dst, ']')
}

func (k *keyReader) appendIdentity(dst, value []byte) []byte {
	if present(value) && canonical.IsVariable(value) {
		return k.canonicalizer.AppendKeyField(dst, value)
	}
	return appendKeyField(dst, value)
}

// errMissingKey is the error of a record that has no value for a field of its key.
func errMissingKey(r *route.Route, field []string) error {
	advice := "fix the record"
	if len(r.Key) > 1 && !r.PartialKey {
		advice = "fix the record, set on_missing_key to send"
	}
	return failure.Config(fmt.Errorf("stream %s: a record has no value for %q of its primary key: %s, choose another key in streams[].primary_key, or use sync mode insert",
		r.Title(), field, advice))
}

// appendKeyField appends a key's value as a JSON string: a string by its shortest escapes, so that
// one key has one form; a number by its own digits; anything else by its JSON text. null stands for
// a value that is missing.
func appendKeyField(dst, value []byte) []byte {
	if absent(value) {
		return append(dst, "null"...)
	}
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
