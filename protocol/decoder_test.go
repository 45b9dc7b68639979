package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seen is a message as text, so that a table can hold it and a diff is readable. What does not
// concern its type is empty.
type seen struct {
	Type      Type
	Line      int64
	Namespace string
	Stream    string
	Data      string
	EmittedAt string
	Changes   string
	Kind      StateKind
	Echo      string // of a STATE: its line with one record delivered and none refused
	Complete  bool

	Incomplete bool
	Estimate   string // namespace, stream and number
}

// estimateOf shows an estimate, "" if it has nothing.
func estimateOf(namespace, stream string, records int64) string {
	if namespace == "" && stream == "" && records == 0 {
		return ""
	}
	return fmt.Sprintf("%s.%s %d", namespace, stream, records)
}

func see(m *Message) seen {
	s := seen{Type: m.Type, Line: m.Line}
	switch m.Type {
	case TypeRecord:
		r := &m.Record
		s.Namespace, s.Stream, s.Data = string(r.Namespace), string(r.Stream), string(r.Data)
		s.EmittedAt, s.Changes = string(r.EmittedAt), string(r.Changes)
	case TypeState:
		s.Kind, s.Namespace, s.Stream = m.State.Kind, string(m.State.Namespace), string(m.State.Stream)
		s.Echo = string(m.State.AppendLine(nil, 1, 0))
	case TypeTrace:
		s.Complete, s.Incomplete = m.Trace.Complete, m.Trace.Incomplete
		s.Estimate = estimateOf(string(m.Trace.Estimate.Namespace), string(m.Trace.Estimate.Stream), m.Trace.Estimate.Records)
		s.Namespace, s.Stream = string(m.Trace.Namespace), string(m.Trace.Stream)
	}
	return s
}

// decodeAll reads a block to its end or to its first error.
func decodeAll(d *Decoder, text string) ([]seen, error) {
	d.Reset([]byte(text))
	var all []seen
	var m Message
	for {
		switch err := d.Next(&m); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return all, err
		}
		all = append(all, see(&m))
	}
}

// pyAirbyteRecord has every optional field as null, as PyAirbyte writes it.
const pyAirbyteRecord = `{"type":"RECORD","log":null,"spec":null,"connectionStatus":null,"catalog":null,` +
	`"record":{"namespace":null,"stream":"users","data":{"id":1},"emitted_at":1700000000,"meta":null,"file_reference":null},` +
	`"state":null,"trace":null,"control":null,"destination_catalog":null}`

var decoderTests = []struct {
	name string
	line string
	want seen
}{
	{"the platform's order",
		`{"type":"RECORD","record":{"stream":"users","namespace":"public","data":{"id":1},"emitted_at":1700000000000}}`,
		seen{Type: TypeRecord, Namespace: "public", Stream: "users", Data: `{"id":1}`, EmittedAt: "1700000000000"}},
	{"type last, data first",
		`{"record":{"data":{"id":1},"emitted_at":1,"namespace":"public","stream":"users"},"type":"RECORD"}`,
		seen{Type: TypeRecord, Namespace: "public", Stream: "users", Data: `{"id":1}`, EmittedAt: "1"}},
	{"every optional field null", pyAirbyteRecord,
		seen{Type: TypeRecord, Stream: "users", Data: `{"id":1}`, EmittedAt: "1700000000"}},
	{"emitted_at and changes null",
		`{"type":"RECORD","record":{"stream":"users","data":{},"emitted_at":null,"meta":{"changes":null}}}`,
		seen{Type: TypeRecord, Stream: "users", Data: "{}"}},
	{"an empty namespace",
		`{"type":"RECORD","record":{"stream":"users","namespace":"","data":{}}}`,
		seen{Type: TypeRecord, Stream: "users", Data: "{}"}},
	{"escaped keys",
		`{"\u0074ype":"RECORD","rec\u006frd":{"str\u0065am":"users","n\u0061mespace":"public","\u0064ata":{"id":1},"emitt\u0065d_at":2,"m\u0065ta":{"ch\u0061nges":[1]}}}`,
		seen{Type: TypeRecord, Namespace: "public", Stream: "users", Data: `{"id":1}`, EmittedAt: "2", Changes: "[1]"}},
	{"escaped names",
		`{"type":"\u0052ECORD","record":{"stream":"\u00fcser\u0073 \"x\" \ud83d\ude00","namespace":"a\\b\/c","data":{}}}`,
		seen{Type: TypeRecord, Namespace: `a\b/c`, Stream: `üsers "x" 😀`, Data: "{}"}},
	{"a lone surrogate in a name becomes the replacement character, in data it stays",
		`{"type":"RECORD","record":{"stream":"a\ud800b","data":{"x":"\udfff"}}}`,
		seen{Type: TypeRecord, Stream: "a\uFFFDb", Data: `{"x":"\udfff"}`}},
	{"data is not touched",
		`{"type":"RECORD","record":{"stream":"s","data":{ "b" : 12345678901234567890123456789012, "a":1e39 ,"a":-0.0, "é":"\u0000\/" ,"n":1E+400}}}`,
		seen{Type: TypeRecord, Stream: "s", Data: `{ "b" : 12345678901234567890123456789012, "a":1e39 ,"a":-0.0, "é":"\u0000\/" ,"n":1E+400}`}},
	{"data that looks like a message",
		`{"type":"RECORD","record":{"stream":"s","data":{"type":"STATE","record":{"data":1},"stream":"t","state":{}}}}`,
		seen{Type: TypeRecord, Stream: "s", Data: `{"type":"STATE","record":{"data":1},"stream":"t","state":{}}`}},
	{"keys of data and of others at the wrong place",
		`{"data":{"no":1},"stream":"no","type":"RECORD","x":{"record":{"data":2}},"record":{"stream":"s","meta":{"data":3,"stream":"no"},"data":{}}}`,
		seen{Type: TypeRecord, Stream: "s", Data: "{}"}},
	{"meta.changes",
		`{"type":"RECORD","record":{"stream":"s","data":{},"meta":{"x":1,"changes":[{"field":"f","change":"NULLED","reason":"r"}],"y":[]}}}`,
		seen{Type: TypeRecord, Stream: "s", Data: "{}", Changes: `[{"field":"f","change":"NULLED","reason":"r"}]`}},
	{"emitted_at and changes of another kind",
		`{"type":"RECORD","record":{"stream":"s","data":{},"emitted_at":"1","meta":{"changes":{}}}}`,
		seen{Type: TypeRecord, Stream: "s", Data: "{}"}},
	{"white space everywhere",
		"\t { \"type\" : \"RECORD\" ,\t\"record\" : { \"stream\" : \"s\" , \"data\" : { } \t, \"emitted_at\" : 1 } } \r",
		seen{Type: TypeRecord, Stream: "s", Data: "{ }", EmittedAt: "1"}},
	{"unknown keys",
		`{"id":[1,{"a":null}],"type":"RECORD","record":{"x":true,"stream":"s","file_reference":{"a":1},"data":{},"y":false},"z":""}`,
		seen{Type: TypeRecord, Stream: "s", Data: "{}"}},

	{"the last data counts",
		`{"type":"RECORD","record":{"stream":"s","data":{"a":1},"data":{"b":2}}}`,
		seen{Type: TypeRecord, Stream: "s", Data: `{"b":2}`}},
	{"the last data counts, whatever the first was",
		`{"type":"RECORD","record":{"stream":"s","data":null,"data":{"b":2}}}`,
		seen{Type: TypeRecord, Stream: "s", Data: `{"b":2}`}},
	{"the last names count",
		`{"type":"RECORD","record":{"stream":"a","namespace":"b","stream":"s","data":{},"namespace":null}}`,
		seen{Type: TypeRecord, Stream: "s", Data: "{}"}},
	{"the last record counts, whole",
		`{"type":"RECORD","record":{"stream":"a","namespace":1,"data":1,"emitted_at":1,"meta":{"changes":[]}},"record":{"stream":"s","data":{}}}`,
		seen{Type: TypeRecord, Stream: "s", Data: "{}"}},
	{"the last meta counts, whole",
		`{"type":"RECORD","record":{"stream":"s","data":{},"meta":{"changes":[]},"meta":null}}`,
		seen{Type: TypeRecord, Stream: "s", Data: "{}"}},
	{"the last type counts",
		`{"type":"STATE","record":{"stream":"s","data":{}},"type":"RECORD"}`,
		seen{Type: TypeRecord, Stream: "s", Data: "{}"}},
	{"the last type counts, whatever it is",
		`{"type":"RECORD","record":{"stream":"s","data":{}},"type":null}`, seen{}},

	{"an unknown type", `{"type":"DESTINATION_CATALOG","record":5}`, seen{}},
	{"a type in lower case", `{"type":"record","record":{"stream":"s","data":{}}}`, seen{}},
	{"a type that is no string", `{"type":{"a":1}}`, seen{}},
	{"no type", `{"record":{"stream":"s","data":{}}}`, seen{}},
	{"an empty object", `{}`, seen{}},
	{"LOG with a broken record and state",
		`{"type":"LOG","record":{"stream":1,"data":2},"state":{"type":3},"trace":{"stream_status":{"status":4}}}`, seen{}},
	{"RECORD with a broken state and trace",
		`{"type":"RECORD","state":{"type":3},"trace":{"stream_status":{"status":4}},"record":{"stream":"s","data":{}}}`,
		seen{Type: TypeRecord, Stream: "s", Data: "{}"}},

	{"STREAM_STATUS COMPLETE, emitted_at a float",
		`{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.7E12,"stream_status":{"stream_descriptor":{"name":"users","namespace":"public"},"status":"COMPLETE"}}}`,
		seen{Type: TypeTrace, Namespace: "public", Stream: "users", Complete: true}},
	{"STREAM_STATUS INCOMPLETE",
		`{"type":"TRACE","trace":{"stream_status":{"status":"INCOMPLETE","stream_descriptor":{"name":"users"}}}}`,
		seen{Type: TypeTrace, Stream: "users", Incomplete: true}},
	{"unknown keys of a trace",
		`{"type":"TRACE","trace":{"x":1,"stream_status":{"reasons":[{"type":"RATE_LIMITED"}],"stream_descriptor":{"x":{"name":"no"},"name":"users"},"status":"COMPLETE"},"stream":{}}}`,
		seen{Type: TypeTrace, Stream: "users", Complete: true}},
	{"STREAM_STATUS RUNNING, nulls",
		`{"trace":{"stream_status":{"status":"RUNNING","stream_descriptor":{"namespace":null,"name":"users"}},"error":null},"type":"TRACE"}`,
		seen{Type: TypeTrace, Stream: "users"}},
	{"the last stream_status counts, whole",
		`{"type":"TRACE","trace":{"stream_status":{"status":"COMPLETE","stream_descriptor":{"name":"a"}},"stream_status":{"status":"RUNNING"}}}`,
		seen{Type: TypeTrace}},
	{"the last trace counts, whole",
		`{"type":"TRACE","trace":{"stream_status":{"status":"COMPLETE","stream_descriptor":{"name":"a","namespace":1}}},"trace":null}`,
		seen{Type: TypeTrace}},
	{"ESTIMATE", `{"type":"TRACE","trace":{"type":"ESTIMATE","estimate":{"type":"STREAM","namespace":"public","name":"users","row_estimate":1200,"byte_estimate":9}}}`,
		seen{Type: TypeTrace, Estimate: "public.users 1200"}},
	{"ESTIMATE of a sync", `{"type":"TRACE","trace":{"type":"ESTIMATE","estimate":{"type":"SYNC","row_estimate":7}}}`, seen{Type: TypeTrace, Estimate: ". 7"}},
	{"ESTIMATE that cannot be read", `{"type":"TRACE","trace":{"type":"ESTIMATE","estimate":{"name":7,"row_estimate":"many"}}}`, seen{Type: TypeTrace}},
	{"STATE with a number beyond any float", `{"type":"STATE","state":{"x":1E700}}`, seen{Type: TypeState, Echo: `{"type":"STATE","state":{"x":1E700,"destinationStats":{"recordCount":1.0}}}` + "\n"}},
	{"other traces", `{"type":"TRACE","trace":{"type":"ESTIMATE","estimate":{"name":"users"},"stream_status":null}}`, seen{Type: TypeTrace, Estimate: ".users 0"}},
}

func TestDecoder(t *testing.T) {
	for _, tt := range decoderTests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Line = 1
			got, err := decodeAll(new(Decoder), tt.line+"\n")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]seen{tt.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// checkSpans makes sure that what came out raw is a part of the block and no copy: it changes with
// the block.
func checkSpans(t *testing.T, line string) {
	t.Helper()
	block := []byte(line + "\n")
	var d Decoder
	var m Message
	d.Reset(block)
	if d.Next(&m) != nil {
		return
	}
	for i := range block {
		block[i] = 0
	}
	for _, span := range [][]byte{m.Record.Data, m.Record.EmittedAt, m.Record.Changes, m.State.raw} {
		if bytes.Trim(span, "\x00") != nil {
			t.Fatalf("%q: %q is a copy", line, span)
		}
	}
}

func TestDecoderSpans(t *testing.T) {
	for _, tt := range decoderTests {
		checkSpans(t, tt.line)
	}
}

func TestDecoderCountsLinesAndNoise(t *testing.T) {
	const mark = "\uFEFF"
	tests := []struct {
		name, text  string
		lines       []int64 // of the messages
		last, noise int64
	}{
		{"none", "", nil, 0, 0},
		{"blank lines", "\n \t\r\n\r\n{}\n\n", []int64{4}, 5, 0},
		{"CRLF", "{}\r\n{}\r\n", []int64{1, 2}, 2, 0},
		{"noise", "Starting up …\n[1]\n{}\n\"x\"\nnull\n\xff\xfe\n\x00{}\n{}\n", []int64{3, 8}, 8, 6},
		{"byte order mark", mark + "{}\n{}\n", []int64{1, 2}, 2, 0},
		{"byte order mark and a blank line", mark + "\n{}\n", []int64{2}, 2, 0},
		{"byte order mark and noise", mark + "x\n{}\n", []int64{2}, 2, 1},
		{"byte order mark in a later line", "{}\n" + mark + "{}\n", []int64{1}, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Decoder
			all, err := decodeAll(&d, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			var lines []int64
			for _, s := range all {
				lines = append(lines, s.Line)
			}
			if diff := cmp.Diff(tt.lines, lines); diff != "" {
				t.Error(diff)
			}
			if n := d.Skipped().Text + d.Skipped().Arrays; d.Line() != tt.last || n != tt.noise {
				t.Errorf("%d lines, %d skipped, want %d, %d", d.Line(), n, tt.last, tt.noise)
			}
		})
	}
}

func TestDecoderGoesOnCountingInTheNextBlock(t *testing.T) {
	var d Decoder
	for block := range int64(3) {
		got, err := decodeAll(&d, "noise\n{}\n")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]seen{{Line: 2*block + 2}}, got); diff != "" {
			t.Error(diff)
		}
	}
	if d.Line() != 6 || d.Skipped().Text != 3 {
		t.Errorf("%d lines, %d skipped, want 6, 3", d.Line(), d.Skipped().Text)
	}
}

// What a message holds stays as it is until the next call, however many escaped names grow the
// scratch space.
func TestDecoderKeepsUnescapedNames(t *testing.T) {
	escaped := func(s string) string { return strings.Repeat(`\u0061`, 100) + s }
	plain := func(s string) string { return strings.Repeat("a", 100) + s }
	line := `{"type":"RECORD","record":{"stream":"` + escaped("s") + `","namespace":"` + escaped("n") + `","\u0064ata":{},"` + escaped("x") + `":1}}`
	got, err := decodeAll(new(Decoder), line+"\n"+line+"\n")
	if err != nil {
		t.Fatal(err)
	}
	want := seen{Type: TypeRecord, Line: 1, Stream: plain("s"), Namespace: plain("n"), Data: "{}"}
	second := want
	second.Line = 2
	if diff := cmp.Diff([]seen{want, second}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecoderDoesNotAllocate(t *testing.T) {
	other := strings.ReplaceAll(typicalLine, "users", "orders")
	tests := map[string]string{
		"one stream":            typicalLine,
		"two streams":           typicalLine + "\n" + other,
		"data first":            `{"record":{"data":{"id":1},"stream":"users","namespace":"public"},"type":"RECORD"}`,
		"PyAirbyte":             pyAirbyteRecord,
		"escaped keys":          `{"\u0074ype":"RECORD","record":{"stream":"\u00fcsers","\u0064ata":{"id":1}}}`,
		"a state of a stream":   `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a","namespace":"b"},"stream_state":{}}}}`,
		"the status of a trace": `{"type":"TRACE","trace":{"stream_status":{"status":"COMPLETE","stream_descriptor":{"name":"a"}}}}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			var d Decoder
			var m Message
			block := []byte(text + "\n")
			allocs := testing.AllocsPerRun(100, func() {
				d.Reset(block)
				var err error
				for err == nil {
					err = d.Next(&m)
				}
				if !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
			})
			if allocs != 0 {
				t.Errorf("%v allocations, want none", allocs)
			}
		})
	}
}
