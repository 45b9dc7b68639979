package protocol

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// parsed is a JSON value as encoding/json has it: the oracle of this package. Of a key that comes
// twice, it has the last.
type parsed json.RawMessage

// at is the value under the path, nil if there is none.
func (p parsed) at(path ...string) parsed {
	for _, key := range path {
		var object map[string]json.RawMessage
		if json.Unmarshal(p, &object) != nil {
			return nil
		}
		p = parsed(object[key])
	}
	return p
}

// text is a string, empty for any other value.
func (p parsed) text() (s string) {
	_ = json.Unmarshal(p, &s)
	return s
}

// of is the value if it begins with one of the bytes, empty otherwise.
func (p parsed) of(first string) string {
	if len(p) > 0 && strings.IndexByte(first, p[0]) >= 0 {
		return string(p)
	}
	return ""
}

// message is what a line that the decoder accepts has to say. The echo of a state has tests of its
// own.
func (p parsed) message() seen {
	s := seen{Type: Type(p.at("type").text())}
	switch s.Type {
	case TypeRecord:
		r := p.at("record")
		s.Namespace, s.Stream, s.Data = r.at("namespace").text(), r.at("stream").text(), r.at("data").of("{")
		s.EmittedAt, s.Changes = r.at("emitted_at").of("-0123456789"), r.at("meta", "changes").of("[")
	case TypeState:
		descriptor := p.at("state", "stream", "stream_descriptor")
		s.Kind = map[string]StateKind{"STREAM": StreamState, "GLOBAL": GlobalState}[p.at("state", "type").text()]
		s.Namespace, s.Stream = descriptor.at("namespace").text(), descriptor.at("name").text()
	case TypeTrace:
		status := p.at("trace", "stream_status")
		s.Complete, s.Incomplete = status.at("status").text() == "COMPLETE", status.at("status").text() == "INCOMPLETE"
		s.Namespace, s.Stream = status.at("stream_descriptor", "namespace").text(), status.at("stream_descriptor", "name").text()
		estimate := p.at("trace", "estimate")
		records, _ := strconv.ParseInt(estimate.at("row_estimate").of("-0123456789"), 10, 64)
		s.Estimate = estimateOf(estimate.at("namespace").text(), estimate.at("name").text(), records)
	default:
		s.Type = ""
	}
	return s
}

// checkLine holds the decoder's answer about one line against the oracle's.
func checkLine(t *testing.T, d *Decoder, line string) {
	t.Helper()
	all, err := decodeAll(d, line+"\n")
	trimmed := strings.TrimPrefix(line, byteOrderMark)
	object := strings.HasPrefix(strings.TrimLeft(trimmed, " \t\r"), "{")
	if valid := json.Valid([]byte(trimmed)) && utf8.ValidString(trimmed); object && !valid {
		if err == nil {
			t.Fatalf("%q is accepted", line)
		}
		return
	} else if err != nil {
		if strings.Contains(err.Error(), "not valid JSON") {
			t.Fatalf("%q: %v", line, err)
		}
		return // the payload, not the JSON
	}
	var want []seen
	if object {
		want = []seen{parsed(trimmed).message()}
	}
	for i := range all {
		checkEcho(t, &all[i], trimmed)
		all[i].Line, all[i].Echo = 0, ""
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Fatalf("%q: (-encoding/json +Decoder)\n%s", line, diff)
	}
}

// exactObject parses an object, whose numbers may be larger than any float.
func exactObject(text string) (o map[string]any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return o, d.Decode(&o)
}

// checkEcho holds a state's echo against its line: the same but for the stats.
func checkEcho(t *testing.T, s *seen, line string) {
	t.Helper()
	if s.Type != TypeState {
		return
	}
	want, err := exactObject(line)
	if err != nil {
		t.Fatal(err)
	}
	got, err := exactObject(s.Echo)
	if err != nil {
		t.Fatalf("%q comes back as %q: %v", line, s.Echo, err)
	}
	want["state"].(map[string]any)["destinationStats"] = map[string]any{"recordCount": json.Number("1.0")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q comes back as %q: %s", line, s.Echo, diff)
	}
}

func TestDecoderAgainstOracle(t *testing.T) {
	for _, tt := range decoderTests {
		checkLine(t, new(Decoder), tt.line)
	}
	for _, tt := range syntaxTests {
		checkLine(t, new(Decoder), tt.line)
	}
	for _, tt := range scanTexts {
		checkLine(t, new(Decoder), `{"type":"RECORD","record":{"stream":"s","data":{"x":`+tt.text+`}}}`)
	}
}

func FuzzDecoder(f *testing.F) {
	for _, tt := range decoderTests {
		f.Add(tt.line, pyAirbyteRecord)
	}
	for _, tt := range syntaxTests {
		f.Add(tt.line, tt.line)
	}
	for _, tt := range stateTests {
		f.Add(tt.line, "")
	}
	f.Add(`{"type":"RECORD","record":{"stream":"s","data":{}}}`, `{"type":"RECORD","record":{"stream":"s","data": {}}}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		if strings.ContainsRune(first+second, sentinel) {
			t.Skip("a line holds no newline")
		}
		var d Decoder // one for both, so that the first line's prefix meets the second
		checkLine(t, &d, first)
		checkLine(t, &d, strings.TrimPrefix(second, byteOrderMark))
		checkSpans(t, first)
	})
}
