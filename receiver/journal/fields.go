package journal

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// FieldText returns the value at a path with dots: the text of a string, the JSON of any other
// value. A null is the text "null", not the empty one.
func FieldText(data json.RawMessage, path string) (text string, found bool) {
	for name := range strings.SplitSeq(path, ".") {
		if data, found = Member(data, name); !found {
			return "", false
		}
	}
	return ValueText(data), true
}

// Member returns the last member of that name, as encoding/json does, without a map of the others.
func Member(object json.RawMessage, name string) (value json.RawMessage, found bool) {
	Fields(object, func(other string, v jsontext.Value) bool {
		if other == name {
			value, found = json.RawMessage(v.Clone()), true
		}
		return true
	})
	return value, found
}

// ValueText returns the text of a string, or the JSON of any other value.
func ValueText(value json.RawMessage) string {
	var text string
	if len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// KeyText returns a primary key as text, the parts of a composite one joined.
func KeyText(key json.RawMessage) string {
	var parts []json.RawMessage
	if json.Unmarshal(key, &parts) != nil {
		return ValueText(key)
	}
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = ValueText(part)
	}
	return strings.Join(texts, " · ")
}

// Fields calls yield for each member of an object, in its own order, until yield returns false.
func Fields(object json.RawMessage, yield func(name string, value jsontext.Value) bool) {
	d := newDecoder(object)
	_ = d.object(func(name string) error { // the envelope of the object was parsed before
		value, err := d.ReadValue()
		if err == nil && !yield(name, value) {
			err = io.EOF
		}
		return err
	})
}
