package protocol

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// syntaxTests are lines that are refused. TestSyntaxError says where.
var syntaxTests = []struct {
	name, line string
	offset     int
	problem    string
}{
	{"cut short", `{"type":"RECORD"`, 16, "not valid JSON: the line ends too early"},
	{"cut short in a string", `{"type":"REC`, 12, "not valid JSON: the line ends too early"},
	{"cut short in CRLF", "{\"a\":1\r", 7, "not valid JSON: the line ends too early"},
	{"only a brace", `{`, 1, "not valid JSON: the line ends too early"},
	{"a second object", `{"type":"LOG"} {"type":"LOG"}`, 15, "not valid JSON: a second value begins here: each message needs a line of its own"},
	{"rubbish after it", `{"type":"LOG"}x`, 14, `not valid JSON: unexpected 'x'`},
	{"single quotes", `{'type':"LOG"}`, 1, `not valid JSON: unexpected '\''`},
	{"typographic quotes", `{“type”:"LOG"}`, 1, `not valid JSON: unexpected '“'`},
	{"trailing comma", `{"type":"LOG",}`, 14, `not valid JSON: unexpected '}'`},
	{"NaN in data", `{"type":"RECORD","record":{"stream":"s","data":{"x":NaN}}}`, 52, `not valid JSON: NaN and Infinity are no JSON numbers: have the source send null or a text (in a record of stream "s")`},
	{"-Infinity in data", `{"type":"RECORD","record":{"stream":"s","data":{"x":-Infinity}}}`, 53, `not valid JSON: NaN and Infinity are no JSON numbers: have the source send null or a text (in a record of stream "s")`},
	{"leading zero in data", `{"type":"RECORD","record":{"stream":"s","data":{"x":01}}}`, 53, `not valid JSON: unexpected '1' (in a record of stream "s")`},
	{"raw tab in a string", "{\"a\":\"x\ty\"}", 7, `not valid JSON: unexpected '\t'`},
	{"NUL in a string", "{\"a\":\"x\x00y\"}", 7, `not valid JSON: unexpected '\x00'`},
	{"NUL between", "{\"a\":\x001}", 5, `not valid JSON: unexpected '\x00'`},
	{"UTF-8 broken in a value", "{\"a\":\"caf\xe9\"}", 9, "not valid JSON: byte 0xe9 is not valid UTF-8 here"},
	{"UTF-8 broken in a key", "{\"type\":\"LOG\",\"\xc3\":1}", 15, "not valid JSON: byte 0xc3 is not valid UTF-8 here"},
	{"UTF-8 broken outside", "{\xff}", 1, "not valid JSON: byte 0xff is not valid UTF-8 here"},
	{"a surrogate as bytes", "{\"a\":\"\xed\xa0\x80\"}", 6, "not valid JSON: byte 0xed is not valid UTF-8 here"},
	{"a replacement character outside", "{\uFFFD}", 1, "not valid JSON: unexpected '\uFFFD'"},
	{"invalid in a message of no concern", `{"type":"LOG","log":{"message":tru}}`, 34, `not valid JSON: unexpected '}'`},
	{"invalid where null may stand", `{"type":"RECORD","record":nil}`, 27, `not valid JSON: unexpected 'i'`},

	{"a record without data", `{"type":"RECORD","record":{"stream":"s"}}`, 0, "a RECORD without record.data"},
	{"a record that is null", `{"type":"RECORD","record":null}`, 0, "a RECORD without record.data"},
	{"a record that is gone", `{"type":"RECORD"}`, 0, "a RECORD without record.data"},
	{"a last record that is null", `{"record":{"stream":"s","data":{}},"record":null,"type":"RECORD"}`, 0, "a RECORD without record.data"},
	{"a last record without stream", `{"record":{"stream":"s","data":{}},"record":{"data":{}},"type":"RECORD"}`, 0, "a RECORD without record.stream"},
	{"a record without stream", `{"type":"RECORD","record":{"data":{}}}`, 0, "a RECORD without record.stream"},
	{"a record of no stream", `{"type":"RECORD","record":{"stream":"","data":{}}}`, 0, "a RECORD without record.stream"},
	{"a record whose stream is null", `{"type":"RECORD","record":{"stream":null,"data":{}}}`, 0, "a RECORD without record.stream"},
	{"data null", `{"type":"RECORD","record":{"stream":"s","data":null}}`, 47, "record.data is not an object"},
	{"data an array", `{"type":"RECORD","record":{"stream":"s","data": []}}`, 48, "record.data is not an object"},
	{"last data a string", `{"type":"RECORD","record":{"stream":"s","data":{},"data":"x"}}`, 57, "record.data is not an object"},
	{"data a string, type last", `{"record":{"stream":"s","data":"{}"},"type":"RECORD"}`, 31, "record.data is not an object"},
	{"stream a number", `{"type":"RECORD","record":{"stream":1,"data":{}}}`, 36, "record.stream is not a string"},
	{"namespace an object", `{"type":"RECORD","record":{"namespace":{},"stream":"s","data":{}}}`, 39, "record.namespace is not a string"},

	{"no state", `{"type":"STATE"}`, 0, "a STATE without a state"},
	{"state null", `{"type":"STATE","state":null}`, 0, "a STATE without a state"},
	{"last state null", `{"type":"STATE","state":{},"state":null}`, 0, "a STATE without a state"},
	{"state a string", `{"type":"STATE","state":"x"}`, 0, "a STATE without a state"},
	{"state.type a number", `{"type":"STATE","state":{"type":1}}`, 32, "state.type is not a string"},
	{"state of no stream", `{"type":"STATE","state":{"type":"STREAM"}}`, 0,
		"a STATE of type STREAM without state.stream.stream_descriptor.name"},
	{"state of a stream that is null", `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"}},"stream":null}}`, 0,
		"a STATE of type STREAM without state.stream.stream_descriptor.name"},
	{"state of a stream whose descriptor is null",
		`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_descriptor":null}}}`, 0,
		"a STATE of type STREAM without state.stream.stream_descriptor.name"},
	{"state of a stream without a string for a name",
		`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":[1]}}}}`, 79,
		"stream_descriptor.name is not a string"},
	{"status a number", `{"type":"TRACE","trace":{"stream_status":{"status":1}}}`, 51, "trace.stream_status.status is not a string"},
}

func TestSyntaxError(t *testing.T) {
	for _, tt := range syntaxTests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeAll(new(Decoder), "{}\nnoise\n\n"+tt.line+"\n{}\n")
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("error %v, messages %+v", err, got)
			}
			if diff := cmp.Diff(&SyntaxError{Line: 4, Offset: tt.offset, Problem: tt.problem}, syntax); diff != "" {
				t.Error(diff)
			}
			if len(got) != 1 {
				t.Errorf("%d messages before the error, want 1", len(got))
			}
		})
	}
}

func TestSyntaxErrorText(t *testing.T) {
	_, err := decodeAll(new(Decoder), "{}\n{]\n")
	if got, want := err.Error(), "line 2, byte 1 of the input: not valid JSON: unexpected ']'"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A line that is refused is done with: whoever goes on gets the next, and never the rest
// of this one.
func TestDecoderGoesOnBehindTheLine(t *testing.T) {
	for _, tt := range syntaxTests {
		var d Decoder
		if _, err := decodeAll(&d, tt.line+"\n"+pyAirbyteRecord+"\n"); err == nil {
			t.Fatalf("%s: no error", tt.name)
		}
		var m Message
		if err := d.Next(&m); err != nil || m.Line != 2 || string(m.Record.Data) != `{"id":1}` {
			t.Errorf("%s: went on with line %d, %q, %v", tt.name, m.Line, m.Record.Data, err)
		}
	}
}

func TestDecoderDepth(t *testing.T) {
	const before = `{"type":"RECORD","record":{"stream":"s","data":{"a":` // three objects deep
	line := func(levels int) string {
		return before + strings.Repeat("[", levels) + strings.Repeat("]", levels) + "}}}\n"
	}
	if _, err := decodeAll(new(Decoder), line(maxDepth-3)); err != nil {
		t.Errorf("%d levels: %v", maxDepth, err)
	}
	_, err := decodeAll(new(Decoder), line(maxDepth-2))
	want := &SyntaxError{Line: 1, Offset: len(before) + maxDepth - 3, Problem: `not valid JSON here, or nested deeper than 10000 levels (in a record of stream "s")`}
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || *syntax != *want {
		t.Errorf("%d levels: %v, want %v", maxDepth+1, err, want)
	}
}
