package jq

import (
	"encoding/json"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxExpected bounds the memory that is taken for an object before it is read.
const maxExpected = 1000

// decoder reads JSON texts that are known to be valid. Numbers keep their digits; of a member that
// is given twice the last one counts. Texts without escapes share one copy of the input.
type decoder struct {
	text  string
	at    int
	meter *meter // of long numbers, which may be computed with
	size  int    // of the object that was the last text: the next one is probably alike
}

// decode reads a text; of an object the given members alone.
func (d *decoder) decode(text []byte, of members) any {
	d.text, d.at = string(text), 0
	if d.next() != '{' {
		return d.value()
	}
	object := d.object(min(d.size, maxExpected), of)
	d.size = len(object)
	return object
}

// skip skips a value.
func (d *decoder) skip() {
	depth := 0
	for {
		switch d.next() {
		case '"':
			d.quoted()
		case '{', '[':
			d.at++
			depth++
		case '}', ']':
			d.at++
			depth--
		case ',', ':':
			d.at++
			continue
		default:
			d.word()
		}
		if depth == 0 || d.at == len(d.text) {
			return
		}
	}
}

// word skips a number, true, false or null.
func (d *decoder) word() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\n', '\t', '\r', ',', '}', ']':
			return
		}
		d.at++
	}
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
		return d.object(0, nil)
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

// object reads an object of which about as many members as expected are asked for: those given, or
// all of them if none are.
func (d *decoder) object(expected int, of members) map[string]any {
	d.at++
	object := make(map[string]any, expected)
	for {
		switch d.next() {
		case '"':
			name := d.string()
			d.next()
			d.at++ // the colon
			if of == nil || of[name] {
				object[name] = d.value()
			} else {
				d.skip()
			}
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
	text, escaped := d.quoted()
	if !escaped {
		return text[1 : len(text)-1]
	}
	// The error is about a lone surrogate, which becomes U+FFFD.
	unquoted, _ := jsontext.AppendUnquote(nil, text)
	return string(unquoted)
}

// quoted goes over a string, returns it with its quotes, and reports whether it has escapes.
func (d *decoder) quoted() (text string, escaped bool) {
	begin := d.at
	for d.at++; ; d.at++ {
		end := d.at + strings.IndexByte(d.text[d.at:], '"')
		backslash := strings.IndexByte(d.text[d.at:end], '\\')
		if backslash < 0 {
			d.at = end + 1
			return d.text[begin:d.at], escaped
		}
		d.at += backslash + 1 // at what is escaped
		escaped = true
	}
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
