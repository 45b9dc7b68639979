package protocol

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A composer makes up lines of few parts, so that many begin alike and differ in what may matter.
type composer struct{ *rand.Rand }

func (c composer) one(of ...string) string { return of[c.IntN(len(of))] }

func (c composer) gap() string {
	if c.IntN(12) > 0 {
		return ""
	}
	return c.one(" ", "\t", "  ", "\r")
}

// object writes an object of up to n members, each made by member; one may come twice.
func (c composer) object(n int, member func() (key, value string)) string {
	var b strings.Builder
	b.WriteString("{" + c.gap())
	for i := range n {
		if i > 0 {
			b.WriteString(c.gap() + "," + c.gap())
		}
		key, value := member()
		b.WriteString(`"` + key + `"` + c.gap() + ":" + c.gap() + value)
	}
	return b.String() + c.gap() + "}"
}

func (c composer) line() string {
	if c.IntN(4) > 0 { // the common shape, most of the time
		return `{"type":"RECORD","record":{"stream":"` + c.one("a", "b") + `","data":` + c.gap() + c.data() + c.one("", `,"emitted_at":1`) + "}}"
	}
	return c.object(1+c.IntN(4), func() (string, string) {
		switch key := c.one("type", "type", "record", "record", "record", `rec\u006frd`, "state", "trace", "log"); key {
		case "type":
			return key, c.one(`"RECORD"`, `"RECORD"`, `"RECORD"`, `"STATE"`, `"TRACE"`, `"LOG"`, "null", "1")
		case "record", `rec\u006frd`:
			return key, c.record()
		case "state":
			return key, c.one("null", "{}", `{"type":"GLOBAL"}`, `{"type":1}`)
		case "trace":
			return key, c.one("null", "{}", `{"stream_status":{"status":"COMPLETE"}}`, `{"stream_status":{"status":1}}`)
		default:
			return key, c.one("null", c.data())
		}
	})
}

func (c composer) record() string {
	if c.IntN(8) == 0 {
		return c.one("null", "1", "{}")
	}
	return c.object(1+c.IntN(5), func() (string, string) {
		switch key := c.one("stream", "stream", "namespace", "data", "data", `d\u0061ta`, "emitted_at", "meta", "x"); key {
		case "stream", "namespace":
			return key, c.one(`"a"`, `"a"`, `"b"`, `"\u0061"`, `""`, "null", "1")
		case "emitted_at":
			return key, c.one("1", "2", "null", `"1"`)
		case "meta":
			return key, c.one("null", `{"changes":[]}`, `{"changes":null}`, `{"x":1}`)
		case "x":
			return key, c.one("1", c.data())
		default:
			return key, c.data()
		}
	})
}

func (c composer) data() string {
	return c.one("{}", "{}", `{"a":1}`, `{"a":2}`, `{"data":{"data":{}}}`, `{"stream":"x"}`, "null", "[]", `"{}"`)
}

// spoil cuts, doubles or changes a piece of the line, now and then.
func (c composer) spoil(line string) string {
	if c.IntN(6) > 0 {
		return line
	}
	i := c.IntN(len(line))
	j := min(len(line), i+1+c.IntN(4))
	return line[:i] + c.one("", "", line[i:j]+line[i:j], " ", `"`, "\\", "{", "\xff", "\x00", ",") + line[j:]
}

// decodeEach reads a block and goes on after what is refused. It counts the lines that a known
// prefix answered for.
func decodeEach(d *Decoder, block []byte) (answers []any, known int) {
	d.Reset(block)
	var m Message
	for {
		if l, _ := d.layouts.match(d.block[d.pos:], new(Message)); l != nil {
			known++
		}
		err := d.Next(&m)
		var syntax *SyntaxError
		switch {
		case errors.Is(err, io.EOF):
			return answers, known
		case errors.As(err, &syntax):
			answers = append(answers, *syntax)
		default:
			answers = append(answers, see(&m))
		}
	}
}

// A decoder that has seen other lines says the same as one that has not, whatever they were.
func TestPrefixChangesNoAnswer(t *testing.T) {
	const lines, seeds = 200, 100
	known := 0
	for seed := range uint64(seeds) {
		c := composer{rand.New(rand.NewPCG(seed, 0))}
		var block []byte
		for range lines {
			block = append(append(block, c.spoil(c.line())...), '\n')
		}
		got, hits := decodeEach(new(Decoder), block)
		known += hits
		var want []any
		for n, line := range bytes.SplitAfter(block, []byte("\n")) {
			answers, _ := decodeEach(&Decoder{line: int64(n), begun: n > 0}, line)
			want = append(want, answers...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: (-a fresh decoder for each line +one for all)\n%s", seed, diff)
		}
		for line := range bytes.Lines(block) {
			checkLine(t, new(Decoder), string(bytes.TrimSuffix(line, []byte("\n"))))
		}
	}
	if known < lines*seeds/5 {
		t.Errorf("only %d of %d lines had a known prefix: the lines are too different to test it", known, lines*seeds)
	}
}

// Prefixes that must not answer for the line after them, or only in part.
func TestPrefixHostile(t *testing.T) {
	record := func(s string) string { return `{"type":"RECORD","record":` + s + "}" }
	long := strings.Repeat("x", maxPrefix)
	tests := [][]string{
		{record(`{"stream":"s","data":{}}`), record(`{"stream":"s","data": {}}`), record(`{"stream":"s","data":` + "\t" + `{}}`)},
		{record(`{"stream":"s","data":{}}`), record(`{"stream":"s","data":}`), record(`{"stream":"s","data":`), record(`{"stream":"s","data"`)},
		{record(`{"stream":"s","data":{}}`), record(`{"stream":"s","data":null}`), record(`{"stream":"s","data":[]}`)},
		{record(`{"stream":"s","data":{}}`), record(`{"stream":"s","data":{},"stream":"t"}`), record(`{"stream":"s","data":{}},"type":"LOG"`)},
		{record(`{"stream":"s","data":{}}`), record(`{"stream":"s","data":{}},"record":{"data":{}}`)},
		{record(`{"stream":"s","data":{}}`), record(`{"stream":"s","data":{},"data":1}`), record(`{"stream":"s","data":{"a":1}}`)},
		{record(`{"emitted_at":1,"stream":"s","data":{}}`), record(`{"emitted_at":1,"stream":"s","data":{"a":1}}`)},
		{record(`{"meta":{"changes":[]},"stream":"s","data":{}}`), record(`{"meta":{"changes":[]},"stream":"s","data":{"a":1}}`)},
		{record(`{"stream":1,"data":{}}`), record(`{"stream":1,"data":{"a":1}}`)},
		{record(`{"data":{}}`), record(`{"data":{},"stream":"s"}`), record(`{"data":{"a":1}}`)},
		{record(`{"stream":"` + long + `","data":{}}`), record(`{"stream":"` + long + `","data":{"a":1}}`)},
		{`{"record":{"stream":"s","data":{}},"type":"RECORD"}`, `{"record":{"stream":"s","data":{}},"type":"LOG"}`, `{"record":{"stream":"s","data":{}}}`},
		{`{"type":"STATE","state":{},"record":{"stream":"s","data":{}}}`, `{"type":"STATE","state":{},"record":{"stream":"s","data":{"a":1}}}`},
		{`{"type":"TRACE","trace":{},"record":{"stream":"s","data":{}}}`, `{"type":"TRACE","trace":{},"record":{"stream":"s","data":{"a":1}}}`},
		{`{"type":"TRACE","trace":{"stream_status":{"status":"COMPLETE"}},"record":{"stream":"s","data":{}}}`,
			`{"type":"TRACE","trace":{"stream_status":{"status":"COMPLETE"}},"record":{"stream":"s","data":{}}}`},
		{record(`{"stream":"s","data":{}},"record":{"stream":"t","data":{}}`), record(`{"stream":"s","data":{}},"record":{"stream":"t","data":{"a":1}}`)},
	}
	for _, lines := range tests {
		block := []byte(strings.Join(lines, "\n") + "\n")
		got, _ := decodeEach(new(Decoder), block)
		var want []any
		for n, line := range lines {
			answers, _ := decodeEach(&Decoder{line: int64(n)}, []byte(line+"\n"))
			want = append(want, answers...)
			checkLine(t, new(Decoder), line)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: (-a fresh decoder for each line +one for all)\n%s", lines, diff)
		}
	}
}

// The block that the prefix was learned from is gone when the next one comes in its buffer.
func TestPrefixOutlivesItsBlock(t *testing.T) {
	record := func(stream, namespace string) string {
		return `{"type":"RECORD","record":{"stream":"` + stream + `","namespace":"` + namespace + `","data":{}}}` + "\n"
	}
	buf := make([]byte, 256)
	var d Decoder
	for _, tt := range []struct{ before, stream, namespace string }{
		{"", "users", "public"},
		{"noise\n", "users", "public"}, // the same names at another place
		{"noise\n", "items", "secret"}, // other names at the same place
	} {
		got, _ := decodeEach(&d, buf[:copy(buf, tt.before+record(tt.stream, tt.namespace))])
		want := []any{seen{Type: TypeRecord, Line: d.Line(), Stream: tt.stream, Namespace: tt.namespace, Data: "{}"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestPrefixIsBounded(t *testing.T) {
	var d Decoder
	line := `{"x":"` + strings.Repeat("x", maxPrefix) + `","type":"RECORD","record":{"stream":"s","data":{}}}`
	if _, err := decodeAll(&d, line+"\n"); err != nil {
		t.Fatal(err)
	}
	if len(d.layouts.recent) > 0 {
		t.Errorf("%d bytes are kept", len(d.layouts.recent[0].prefix.line))
	}
}
