package urltemplate

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/yosida95/uritemplate/v3"
)

// kind is what a variable stands for.
type kind int

const (
	primaryKey kind = iota
	dataField
	streamName
	namespace
)

// wholeKey is the index of a variable that stands for all fields of the key.
const wholeKey = -1

// variable is one of a template.
type variable struct {
	name     string
	kind     kind
	path     []string // of a field of the data
	index    int      // of a field of the key, or wholeKey
	optional bool     // it is left out if it has no value, as RFC 6570 has it for a query
}

func (v variable) ofRow() bool { return v.kind == primaryKey || v.kind == dataField }

// Values are what the variables of a template stand for.
type Values struct {
	Stream, Namespace string
	PrimaryKey        []byte   // a JSON string, or an array of strings and nulls; nil if there is none
	Fields            [][]byte // JSON values of Template.Fields; nil if there is none
}

// Expand returns the URL for the values. The error says which variable has no value that a URL can
// have and why, and shows no value.
func (t *Template) Expand(values *Values) (string, error) {
	if t.library == nil {
		return t.text, nil
	}
	all, fields := make(uritemplate.Values, len(t.variables)), values.Fields
	for i := range t.variables {
		v := &t.variables[i]
		var field []byte
		if v.kind == dataField {
			field, fields = fields[0], fields[1:]
		}
		texts, err := v.texts(values, field)
		if err == nil {
			err = judge(texts)
		}
		switch {
		case err == nil && len(texts) == 1:
			all.Set(v.name, uritemplate.String(texts[0]))
		case err == nil:
			all.Set(v.name, uritemplate.List(texts...))
		case v.kind != namespace || !v.optional:
			return "", &noValue{v.name, err}
		}
	}
	return t.library.Expand(all)
}

// noValue is the error of a variable without a value that a URL can have.
type noValue struct {
	name string
	err  error
}

func (n *noValue) Error() string {
	return "no URL can be made for it: {" + n.name + "} " + n.err.Error()
}
func (n *noValue) Unwrap() error { return n.err }

// Why a value is in no URL.
var (
	errMissing  = errors.New("has no value")
	errEmpty    = errors.New("is empty")
	errDots     = errors.New("is . or .., which leads to another path")
	errNested   = errors.New("is an object or a list")
	errTooLong  = errors.New("is longer than a URL may be")
	errNotPlain = errors.New("has a character that no URL can have")
)

// maxValue is the longest value in a URL, in bytes.
const maxValue = 2 << 10

// texts returns what a variable stands for, several texts if it is a key of several fields.
func (v *variable) texts(values *Values, field []byte) ([]string, error) {
	switch v.kind {
	case streamName:
		return []string{values.Stream}, nil
	case namespace:
		return []string{values.Namespace}, nil
	case dataField:
		text, err := plain(field)
		return []string{text}, err
	}
	key, err := keyFields(values.PrimaryKey)
	if err == nil && v.index != wholeKey {
		if v.index >= len(key) {
			return nil, errMissing
		}
		key = key[v.index : v.index+1]
	}
	var texts []string
	for _, field := range key {
		text, err := plain(field)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, err
}

// keyFields returns the fields of a primary key.
func keyFields(key []byte) (fields [][]byte, err error) {
	if len(key) == 0 || key[0] != '[' {
		return [][]byte{key}, nil
	}
	var list []jsontext.Value
	if json.Unmarshal(key, &list, jsontext.AllowInvalidUTF8(true)) != nil {
		return nil, errNotPlain
	}
	for _, field := range list {
		fields = append(fields, field)
	}
	return fields, nil
}

// plain returns a JSON value as a text: a string's content, a number and a truth value as they are
// written.
func plain(value []byte) (string, error) {
	switch {
	case len(value) == 0, value[0] == 'n':
		return "", errMissing
	case value[0] == '{', value[0] == '[':
		return "", errNested
	case value[0] != '"':
		return string(value), nil
	}
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil || !utf8.Valid(text) { // a lone surrogate
		return "", errNotPlain
	}
	return string(text), nil
}

// judge refuses texts that a URL cannot have, and changes the others into what the library expands
// as RFC 6570 asks: it encodes the number of a character in place of the bytes of its UTF-8, and
// leaves a NUL out, so that it gets each byte as a character of its own.
func judge(texts []string) error {
	for i, text := range texts {
		switch {
		case text == "":
			return errEmpty
		case text == ".", text == "..":
			return errDots
		case len(text) > maxValue:
			return errTooLong
		case strings.IndexByte(text, 0) >= 0:
			return errNotPlain
		}
		texts[i] = byteByByte(text)
	}
	return nil
}

// byteByByte returns a text with a character for each byte of text.
func byteByByte(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		b.WriteRune(rune(text[i]))
	}
	return b.String()
}
