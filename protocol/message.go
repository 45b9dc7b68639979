package protocol

import "fmt"

// Type is a message's "type".
type Type string

// The types a destination acts on; messages of every other type pass unread.
const (
	TypeRecord Type = "RECORD"
	TypeState  Type = "STATE"
	TypeTrace  Type = "TRACE"
)

// Message is one line. Its slices alias the decoder's block or scratch space and are valid until
// the next call of Next. Only the payload that its type names says anything.
type Message struct {
	Type   Type
	Line   int64  // of the stream, the first is 1
	Record Record // of TypeRecord
	State  State  // of TypeState
	Trace  Trace  // of TypeTrace
}

// Record is the payload of a RECORD message.
type Record struct {
	Namespace []byte // unescaped; empty if it is absent, null or ""
	Stream    []byte // unescaped
	Data      []byte // a JSON object, as it came
	EmittedAt []byte // a JSON number, as it came; nil if absent, null or no number
	Changes   []byte // meta.changes, a JSON array as it came; nil if absent, null or no array
	// The object meta.rejection of a dead letter, as it came; nil if there is none.
	Rejection []byte

	// Fields are the values that Decoder.Find asked for, as Lookup.Find returns them; nil if
	// they were not found on the way, which says nothing of whether they are there.
	Fields [][]byte

	// SameStream is set if the record before it is known to be of the same stream. Only Messages say
	// so.
	SameStream bool

	// Fault is set if the line has NaN or Infinity for a number, so that it is not JSON: both are
	// strings in Data then. Only Messages have such records.
	Fault *SyntaxError
}

// SyntaxError says where a line is not what it has to be.
type SyntaxError struct {
	Line    int64 // of the stream, the first is 1
	Offset  int   // of the offending byte in the line, the first is 0
	Problem string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, byte %d of the input: %s", e.Line, e.Offset, e.Problem)
}
