package protocol

import (
	"errors"
	"fmt"
	"strings"
)

// Skipped counts the lines of an input that are no Airbyte messages, by kind. Blank lines do not
// count.
type Skipped struct {
	Text    int64 // not JSON objects
	Arrays  int64 // beginning as JSON arrays
	Untyped int64 // JSON objects without a "type"
	Unknown int64 // JSON objects with a "type" that the protocol does not have

	understood bool // a line was an Airbyte message
}

// Add adds the counts of another part of the input.
func (s *Skipped) Add(o Skipped) {
	s.Text += o.Text
	s.Arrays += o.Arrays
	s.Untyped += o.Untyped
	s.Unknown += o.Unknown
	s.understood = s.understood || o.understood
}

// String returns the counts that are not zero, or "" if there are none.
func (s *Skipped) String() string {
	var parts []string
	for _, kind := range []struct {
		n    int64
		name string
	}{
		{s.Text, "not JSON objects"},
		{s.Arrays, "JSON arrays"},
		{s.Untyped, `JSON objects without a "type"`},
		{s.Unknown, `JSON objects whose "type" Airbyte does not have (types are upper case)`},
	} {
		if kind.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", kind.n, kind.name))
		}
	}
	return strings.Join(parts, ", ")
}

// Err is the error of an input that has lines, and no Airbyte message among them. Otherwise it is
// nil.
func (s *Skipped) Err() error {
	if s.understood || s.String() == "" {
		return nil
	}
	return errors.New("no line of the input is an Airbyte message (" + s.String() + `): expected one on each line, such as {"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":1700000000000}}`)
}

// otherTypes are the messages that a destination ignores.
var otherTypes = map[string]bool{
	"LOG": true, "SPEC": true, "CONNECTION_STATUS": true, "CATALOG": true, "CONTROL": true, "DESTINATION_CATALOG": true,
}

// count counts a line that is a JSON object.
func (d *Decoder) count(m *Message) {
	switch {
	case m.Type != "" || d.typed == typeKnown:
		d.skipped.understood = true
	case d.typed == typeUnknown:
		d.skipped.Unknown++
	default:
		d.skipped.Untyped++
	}
}

// typed says what is known of the "type" of a line.
type typed uint8

const (
	typeAbsent typed = iota
	typeKnown
	typeUnknown
)

// notLines explains an input that is not lines of UTF-8 text, by its first bytes.
func notLines(b []byte) (problem string) {
	switch text := string(b[:min(4, len(b))]); {
	case strings.HasPrefix(text, "\x1F\x8B"), strings.HasPrefix(text, "\x28\xB5\x2F\xFD"):
		return "the input is compressed: decompress it first"
	case len(b) > 2 && isUTF16(b):
		return "the input is UTF-16 text: convert it to UTF-8"
	}
	return ""
}
