package payload

import (
	"bytes"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"
)

// appendForm appends a JSON object as application/x-www-form-urlencoded: a field for each member,
// in their order. A text is its own value, null is an empty one, and anything else is its JSON
// text. It reports whether the text is an object.
func appendForm(dst, object []byte) ([]byte, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(object), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if token, err := d.ReadToken(); err != nil || token.Kind() != '{' {
		return dst, false
	}
	for first := true; d.PeekKind() == '"'; first = false {
		name, err := d.ReadToken()
		if err != nil {
			return dst, false
		}
		if !first {
			dst = append(dst, '&')
		}
		dst = append(append(dst, url.QueryEscape(name.String())...), '=')
		value, err := d.ReadValue()
		if err != nil {
			return dst, false
		}
		dst = append(dst, url.QueryEscape(fieldValue(value))...)
	}
	return dst, true
}

// fieldValue returns a JSON value as the text of a form's field.
func fieldValue(value jsontext.Value) string {
	switch value.Kind() {
	case 'n':
		return ""
	case '"':
		text, err := jsontext.AppendUnquote(nil, value)
		if err == nil || len(text) > 0 {
			return string(text) // an error is about invalid UTF-8, which is U+FFFD then
		}
	}
	return string(value)
}
