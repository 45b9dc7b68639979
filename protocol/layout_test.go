package protocol

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fieldPaths are what the tests look for: fields at the top, below one another, and one twice.
var fieldPaths = [][]string{{"id"}, {"a", "b"}, {"a"}, {"a", "c", "d"}, {"id"}}

func recordOf(stream, data string) string {
	return `{"type":"RECORD","record":{"stream":"` + stream + `","data":` + data + `,"emitted_at":1}}` + "\n"
}

// fieldsOf decodes lines and returns the fields of the last record; nil if the decoder has none.
func fieldsOf(t *testing.T, d *Decoder, lines ...string) []string {
	t.Helper()
	var m Message
	for d.Reset([]byte(strings.Join(lines, ""))); ; {
		if err := d.Next(&m); errors.Is(err, io.EOF) {
			return texts(m.Record.Fields)
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func texts(values [][]byte) (texts []string) {
	for _, value := range values {
		texts = append(texts, string(value))
	}
	return texts
}

func searching() *Decoder {
	var d Decoder
	d.Find("", "s", NewLookup(fieldPaths...))
	return &d
}

// Each of the records is the last of a stream that had the ones before it: its fields are found on
// the way, or left to the lookup, and never others.
func TestFields(t *testing.T) {
	data := []string{
		`{}`,
		`{"id":7}`,
		`{"id":"x","a":null}`,
		`{ "id" : 1 , "a" : { "b" : [ {"id":2,"a":{"b":3}} ] } , "z":{"id":4} }`,
		`{"id":1,"id":2}`,
		`{"a":{"b":1,"c":{"d":2}},"a":{"b":3}}`,
		`{"a":{"b":1,"c":{"d":2}},"a":"text"}`,
		`{"a":{"b":1,"c":{"d":2}},"a":[{"b":5}]}`,
		`{"a":{"b":1,"c":{"d":2}},"a":1.5}`,
		`{"a":{"c":{"d":2},"c":{}}}`,
		`{"a":{"c":{"d":2},"c":null}}`,
		`{"\u0069d":"escaped"}`,
		`{"a":[{"b":1,"c":{"d":2}}],"id":-1e3}`,
		`{"b":1,"d":2,"c":{"d":3},"id2":4,"i":5}`,
		`{"id":1,"a":{"c":{"d":true},"b":false}}`,
	}
	lookup := NewLookup(fieldPaths...)
	d := searching()
	found := 0
	for _, i := range rand.Perm(20 * len(data)) {
		text := data[i%len(data)]
		got := fieldsOf(t, d, recordOf("s", text))
		if got == nil {
			continue
		}
		found++
		if diff := cmp.Diff(texts(lookup.Find([]byte(text), nil)), got); diff != "" {
			t.Errorf("%s (-lookup +layout):\n%s", text, diff)
		}
	}
	if found < 20*len(data) {
		t.Errorf("the fields of %d of %d records were found on the way", found, 20*len(data))
	}
}

// Fields are those of the record's own stream, whatever its line says first.
func TestFieldsBelongToTheStream(t *testing.T) {
	d := searching()
	for _, tt := range []struct {
		line string
		want []string
	}{
		{recordOf("s", `{"id":1}`), []string{"1", "", "", "", "1"}},
		{recordOf("t", `{"id":1}`), nil},
		{`{"type":"RECORD","record":{"stream":"s","data":{"id":1},"namespace":"n"}}`, nil},
		{`{"type":"RECORD","record":{"stream":"s","data":{"id":1},"stream":"t"}}`, nil},
		{`{"type":"RECORD","record":{"data":{"id":1},"stream":"s"}}`, nil},
		{`{"type":"RECORD","record":{"stream":"s","data":{"id":1},"data":{"id":2}}}`, []string{"2", "", "", "", "2"}},
		{`{"type":"RECORD","record":{"stream":"t","data":{"id":1}},"record":{"stream":"s","namespace":null,"data":{"id":3}}}`, []string{"3", "", "", "", "3"}},
		{`{"type":"RECORD","record":{"stream":"s","data":{"id":1}},"record":{"data":{"id":3},"stream":"s"}}`, nil},
		{recordOf("s", `{"id":4}`), []string{"4", "", "", "", "4"}},
	} {
		for range 2 { // as a new form of line, and as a known one
			if diff := cmp.Diff(tt.want, fieldsOf(t, d, strings.TrimSuffix(tt.line, "\n")+"\n")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.line, diff)
			}
		}
	}
}

// A line that begins like one before it is held to the same rules.
func TestKnownLinesAreValidated(t *testing.T) {
	const key = "a key of more than sixteen bytes"
	for _, tt := range []struct{ known, line string }{
		{recordOf("s", `{"`+key+`":1}`), recordOf("s", `{"`+strings.Replace(key, "more", "mo\x01e", 1)+`":1}`)},
		{recordOf("s", `{"`+key+`":1}`), recordOf("s", `{"`+strings.Replace(key, "bytes", "byte\"", 1)+`":1}`)},
		{recordOf("s", `{"`+key+`":1}`), strings.TrimSuffix(recordOf("s", `{"`+key), `,"emitted_at":1}}`+"\n") + "\n"},
		{recordOf("s", `{"k":1}`), recordOf("s", `{"k" 1}`)},
		{recordOf("s", `{"k":1}`), recordOf("s", `{"k":1`)},
		{recordOf("s", `{}`), recordOf("s", `[]`)},
		{strings.Replace(recordOf("s", `{}`), "RECORD", "LOG", 1), strings.Replace(recordOf("s", `{}`), "RECORD", "STATE", 1)},
	} {
		d := searching()
		fieldsOf(t, d, tt.known, tt.known)
		for range 2 {
			if all, err := decodeAll(d, tt.line); err == nil {
				t.Errorf("%q is accepted: %v", tt.line, all)
			}
		}
	}
}

// What a layout cannot remember is left to the lookup, and what it does remember is bounded.
func TestLayoutIsBounded(t *testing.T) {
	d := searching()
	want := []string{"1", "", "", "", "1"}
	long := strings.Repeat("k", maxKeyText)
	if got := fieldsOf(t, d, recordOf("s", `{"`+long+`":1,"id":1}`)); got != nil {
		t.Errorf("with a long key the fields are %q", got)
	}
	for i := range 2 * maxStreamKeys {
		fieldsOf(t, d, recordOf("s", fmt.Sprintf(`{"k%d":1}`, i)))
	}
	if got := fieldsOf(t, d, recordOf("s", `{"id":1,"another":1}`)); got != nil {
		t.Errorf("with keys that are not known the fields are %q", got)
	}
	if n := d.layouts.keys; n != maxStreamKeys {
		t.Errorf("%d keys are known, want %d", n, maxStreamKeys)
	}
	d.Find("", "s", NewLookup(fieldPaths...))
	if n := d.layouts.keys; n != 0 {
		t.Errorf("%d keys are known to a new search", n)
	}
	if diff := cmp.Diff(want, fieldsOf(t, d, recordOf("s", `{"id":1}`))); diff != "" {
		t.Error(diff)
	}
	for i := range 2 * maxLayouts {
		fieldsOf(t, d, recordOf(fmt.Sprint("s", i), `{"id":1,"b":2,"c":3,"d":4,"e":5}`))
	}
	if len(d.layouts.all) != maxLayouts || d.layouts.keys > maxKeys || len(d.layouts.recent) != maxRecent {
		t.Errorf("%d layouts with %d keys, %d recent", len(d.layouts.all), d.layouts.keys, len(d.layouts.recent))
	}
}

func TestFieldsDoNotAllocate(t *testing.T) {
	line := recordOf("s", `{"id":1,"name":"Søren","a":{"b":[1,{"x":"\n"}],"c":{"d":null}},"tags":["x","y"]}`)
	block := []byte(line + recordOf("t", `{"id":1}`) + line)
	d := searching()
	var m Message
	allocs := testing.AllocsPerRun(100, func() {
		for d.Reset(block); d.Next(&m) == nil; {
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations for three lines", allocs)
	}
}

// A decoder that has seen other records says the same as one that has not, and its fields are those
// of the lookup.
func FuzzLayout(f *testing.F) {
	f.Add(`{"id":1,"a":{"b":2}}`, `{"id":1,"x":[],"a":{"b":2}}`, `{"id":3}`)
	f.Add(`{"a":{"c":{"d":1}}}`, `{"a":[{"c":{"d":1}}]}`, `{"a":{"c":{"d":1},"c":2}}`)
	f.Add(`{ "k" : 1 }`, `{"k": 1}`, `{"k"	:1,"k":2,"id":"\ud800"}`)
	f.Add(`{"x":1}`, `{"x":1`, `{"x" 1}`)
	lookup := NewLookup(fieldPaths...)
	f.Fuzz(func(t *testing.T, first, second, third string) {
		if strings.ContainsRune(first+second+third, sentinel) {
			t.Skip("a line holds no newline")
		}
		d := searching()
		for _, data := range []string{first, second, third, second} {
			line := recordOf("s", data)
			want, wantErr := decodeAll(new(Decoder), line)
			got, err := decodeAll(d, line)
			for i := range got {
				got[i].Line = 1
			}
			if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (wantErr == nil) {
				t.Fatalf("%q: %v, a new decoder: %v\n%s", line, err, wantErr, diff)
			}
			if err == nil && len(got) == 1 && got[0].Type == TypeRecord {
				checkFields(t, d, line, lookup)
			}
		}
	})
}

func checkFields(t *testing.T, d *Decoder, line string, lookup *Lookup) {
	t.Helper()
	var m Message
	d.Reset([]byte(line))
	if err := d.Next(&m); err != nil {
		t.Fatal(err)
	}
	if m.Record.Fields == nil {
		return
	}
	if diff := cmp.Diff(texts(lookup.Find(m.Record.Data, nil)), texts(m.Record.Fields)); diff != "" {
		t.Fatalf("%q (-lookup +layout):\n%s", line, diff)
	}
}
