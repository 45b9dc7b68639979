package protocol

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decoded returns the records of a block that is the second one of an input, with their faults, and
// the error that ended it.
func decoded(block string) (records []string, err error) {
	ms := Messages{First: 10}
	d := &Decoder{}
	d.Continue()
	d.Decode([]byte(block), &ms)
	ms.First = 10
	for {
		var m Message
		if err := ms.Next(&m); err != nil {
			return records, err
		}
		r := &m.Record
		text := fmt.Sprintf("%d %s.%s %s", m.Line, r.Namespace, r.Stream, r.Data)
		if r.Fault != nil {
			text += " " + r.Fault.Error()
		}
		records = append(records, text)
	}
}

// A record that is JSON but for NaN and Infinity does not end the block.
func TestRecordWithNaNHasAFault(t *testing.T) {
	const good = `{"type":"RECORD","record":{"stream":"s","data":{"x":1}}}` + "\n"
	const fault = "byte 52 of the input: " + notNumbersProblem + ` (in a record of stream "s")`
	for name, test := range map[string]struct{ line, want string }{
		"NaN":       {`{"type":"RECORD","record":{"stream":"s","data":{"x":NaN}}}`, `12 .s {"x":"NaN"} line 12, ` + fault},
		"several":   {`{"type":"RECORD","record":{"stream":"s","data":{"x":NaN,"NaN\"":["NaN, \\",Infinity,-Infinity]}}}`, `12 .s {"x":"NaN","NaN\"":["NaN, \\","Infinity","-Infinity"]} line 12, ` + fault},
		"-Infinity": {`{"record":{"data":{"x":-Infinity},"namespace":"n","stream":"s"},"type":"RECORD"}`, `12 n.s {"x":"-Infinity"} line 12, byte 24 of the input: ` + notNumbersProblem},
	} {
		got, err := decoded(good + test.line + "\n" + good)
		if diff := cmp.Diff([]string{`11 .s {"x":1}`, test.want, `13 .s {"x":1}`}, got); diff != "" {
			t.Errorf("%s: %v: %s", name, err, diff)
		}
	}
}

// A line with NaN that cannot be read otherwise ends the input, by the error of its first NaN.
func TestNaNElsewhereIsAnError(t *testing.T) {
	for name, line := range map[string]string{
		"in a state":          `{"type":"STATE","state":{"data":{"cursor":NaN}}}`,
		"as data":             `{"type":"RECORD","record":{"stream":"s","data":NaN}}`,
		"with another fault":  `{"type":"RECORD","record":{"stream":"s","data":{"x":NaN,"y":nil}}}`,
		"cut short":           `{"type":"RECORD","record":{"stream":"s","data":{"x":NaN,"y":"`,
		"without a stream":    `{"type":"RECORD","record":{"data":{"x":NaN}}}`,
		"for another problem": `{"type":"RECORD","record":{"stream":"s","data":{"x":nil,"y":NaN}}}`,
	} {
		got, err := decoded(line + "\n")
		if s := (*SyntaxError)(nil); !errors.As(err, &s) || s.Line != 11 || len(got) > 0 {
			t.Errorf("%s: error %v after %s, want that of line 11", name, err, got)
		}
	}
}
