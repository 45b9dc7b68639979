package jq

import (
	"encoding/json"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// decode reads a JSON text that is known to be valid. Numbers keep their digits; of a member that
// is given twice the last one counts. Texts without escapes share one copy of the input.
func decode(text []byte, m *meter) any {
	d := decoder{text: string(text), meter: m}
	return d.value()
}

type decoder struct {
	text  string
	at    int
	meter *meter // of long numbers, which may be computed with
}

func (d *decoder) space() {
	for d.at < len(d.text) && (d.text[d.at] == ' ' || d.text[d.at] == '\n' || d.text[d.at] == '\t' || d.text[d.at] == '\r') {
		d.at++
	}
}

// next skips white space and returns the next byte, 0 at the end.
func (d *decoder) next() byte {
	d.space()
	if d.at == len(d.text) {
		return 0
	}
	return d.text[d.at]
}

func (d *decoder) value() any {
	switch d.next() {
	case '{':
		return d.object()
	case '[':
		return d.array()
	case '"':
		return d.string()
	case 't':
		d.at += len("true")
		return true
	case 'f':
		d.at += len("false")
		return false
	case 'n':
		d.at += len("null")
		return nil
	}
	return d.number()
}

func (d *decoder) object() map[string]any {
	d.at++
	object := make(map[string]any)
	for {
		switch d.next() {
		case '"':
			name := d.string()
			d.next()
			d.at++ // the colon
			object[name] = d.value()
		case ',':
			d.at++
		default: // the end
			d.at++
			return object
		}
	}
}

func (d *decoder) array() []any {
	d.at++
	array := []any{}
	for {
		switch d.next() {
		case ',':
			d.at++
		case ']', 0:
			d.at++
			return array
		default:
			array = append(array, d.value())
		}
	}
}

func (d *decoder) string() string {
	begin := d.at
	d.at++
	escaped := false
	for d.text[d.at] != '"' {
		if d.text[d.at] == '\\' {
			escaped = true
			d.at++
		}
		d.at++
	}
	d.at++
	if !escaped {
		return d.text[begin+1 : d.at-1]
	}
	// The error is about a lone surrogate, which becomes U+FFFD.
	text, _ := jsontext.AppendUnquote(nil, d.text[begin:d.at])
	return string(text)
}

func (d *decoder) number() json.Number {
	begin := d.at
	for d.at < len(d.text) && strings.IndexByte("+-.0123456789eE", d.text[d.at]) >= 0 {
		d.at++
	}
	if d.at == begin {
		d.at++ // no valid text: go on, and end
	}
	d.at = min(d.at, len(d.text))
	d.meter.take(digits(d.at - begin))
	return json.Number(d.text[begin:d.at])
}
