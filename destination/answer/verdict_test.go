package answer

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// The work on a verdict is that of reading each row's key once, however often the endpoint repeats
// itself.
func TestVerdictReadsEachKeyOnce(t *testing.T) {
	const rows = 100
	reads := 0
	named := NewRows(rows, func(place int) []byte { reads++; return fmt.Appendf(nil, `"%d"`, place%5) })
	found := 0
	for i := range 10 * rows {
		places, known := named.find(fmt.Appendf(nil, `"%d"`, i%7))
		if found += len(places); known != (i%7 < 5) {
			t.Fatalf("the key %d is known: %v", i%7, known)
		}
	}
	if reads != rows || found != rows {
		t.Errorf("%d keys were read and %d rows found, want %d each", reads, found, rows)
	}
}

// Keys are the same however their members are ordered, unless they are nested too deep to put in
// order: those are compared as they are written.
func TestDeepKeys(t *testing.T) {
	nested := func(levels int, first, second string) string {
		return strings.Repeat(`{`+first+`,`+second+`,"c":`, levels) + "1" + strings.Repeat("}", levels)
	}
	for _, levels := range []int{1, maxNesting, maxNesting + 1, 5_000} {
		sent, named := nested(levels, `"a":"["`, `"b":"\"{"`), nested(levels, `"b":"\"{"`, `"a":"["`)
		rows := NewRows(1, func(int) []byte { return []byte(sent) })
		if got, _ := rows.find([]byte(sent)); len(got) != 1 {
			t.Errorf("%d levels, as sent: %d rows", levels, len(got))
		}
		rows = NewRows(1, func(int) []byte { return []byte(sent) })
		if _, known := rows.find([]byte(named)); known != (levels <= maxNesting) {
			t.Errorf("%d levels, in another order: found %v", levels, known)
		}
		if form := canonicalize([]byte(named)); levels > maxNesting && form != named {
			t.Errorf("%d levels: the key was put in order", levels)
		}
	}
}

// A number names every row whose key is equal to it; a text names the key that is written so, and
// if there is none, that of an equal number.
func TestEqualNumbersNameOneKey(t *testing.T) {
	sent := []string{`"1"`, `"1.0"`, `"10"`, `["7","2.50"]`, `"x"`, `["7",null]`, `["7","null"]`}
	for _, test := range []struct {
		key  string
		want []int
	}{
		{`1`, []int{0, 1}}, {`1.00`, []int{0, 1}}, {`10e-1`, []int{0, 1}}, {`"1"`, []int{0}}, {`"1.0"`, []int{1}},
		{`"1e1"`, []int{2}}, {`["7",2.5]`, []int{3}}, {`["7","2.5"]`, []int{3}}, {`"y"`, nil}, {`2`, nil},
		{`["7",null]`, []int{5}}, {`[7.0,null]`, []int{5}}, {`["7","null"]`, []int{6}},
	} {
		rows := NewRows(len(sent), func(place int) []byte { return []byte(sent[place]) })
		if got, known := rows.find([]byte(test.key)); !slices.Equal(got, test.want) || known != (test.want != nil) {
			t.Errorf("%s names %v, want %v", test.key, got, test.want)
		}
	}
	verdict := []byte(`{"rejected":[{"index":1,"primary_key":1}]}`)
	rows := NewRows(len(sent), func(place int) []byte { return []byte(sent[place]) })
	if got, err := (*Rules)(nil).ReadVerdicts(200, "", verdict, rows); err != nil || len(got) != 1 || got[0].Place != 1 {
		t.Errorf("index and key: %v, %v", got, err)
	}
}

func inUTF16(order binary.AppendByteOrder, text string) string {
	var body []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		body = order.AppendUint16(body, unit)
	}
	return string(body)
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // to memory
	_ = w.Close()
	return b.String()
}

var verdictTests = []struct {
	name, body, encoding string
	status               int
	places               []int  // of the verdicts
	problem              string // of the error; "": none
}{
	{"nothing", "", "", 200, nil, ""},
	{"text", "ok", "", 200, nil, ""},
	{"another object", `{"status":"ok"}`, "", 200, nil, ""},
	{"another object, broken", `{"status":`, "", 200, nil, ""},
	{"an empty list", `{"rejected":[]}`, "", 200, nil, ""},
	{"null", `{"rejected":null}`, "", 200, nil, ""},
	{"by index", `{"rejected":[{"index":2}]}`, "", 200, []int{2}, ""},
	{"by key", `{"rejected":[{"primary_key":"k1"}]}`, "", 200, []int{1}, ""},
	{"by a number", `{"rejected":[{"primary_key":7}]}`, "", 200, []int{2}, ""},
	{"a byte order mark", "\ufeff" + `{"rejected":[{"index":0}]}`, "", 200, []int{0}, ""},
	{"UTF-16", inUTF16(binary.BigEndian, "\ufeff"+`{"rejected":[{"index":0}]}`), "", 200, []int{0}, ""},
	{"UTF-16 without a mark", inUTF16(binary.LittleEndian, ` {"rejected":[{"primary_key":"k1"}]}`), "", 200, []int{1}, ""},
	{"UTF-16 that breaks off", inUTF16(binary.BigEndian, `{"rejected":[{"index":0}`), "", 200, nil, "no JSON object"},
	{"in capitals", `{"REJECTED":[{"Index":0}]}`, "", 200, []int{0}, ""},
	{"gzip", zipped(`{"rejected":[{"index":1}]}`), "gzip", 200, []int{1}, ""},
	{"gzip of too much", zipped(`{"rejected":[` + strings.Repeat(" ", MaxBody) + `]}`), "gzip", 200, nil, "cannot be read to its end"},
	{"gzip that breaks off", zipped(`{"rejected":[{"index":1}]}`)[:30], "gzip", 200, nil, "cannot be read to its end"},
	{"gzip unsaid", zipped(`{"rejected":[{"index":1}]}`), "", 200, []int{1}, ""},
	{"a reason that is an object", `{"rejected":[{"index":0,"reason":{"code":1}}]}`, "", 200, []int{0}, ""},
	{"207 without a list", `{"ok":true}`, "", 207, nil, `it has no list "rejected"`},
	{"a count", `{"rejected":2}`, "", 200, nil, "is no list"},
	{"an entry that is a number", `{"rejected":[1]}`, "", 200, nil, "is no object"},
	{"a null among good ones", `{"rejected":[{"index":0},null]}`, "", 200, nil, "is no object"},
	{"an index as text", `{"rejected":[{"index":"1"}]}`, "", 200, nil, "no whole number"},
	{"a fraction", `{"rejected":[{"index":1.0}]}`, "", 200, nil, "no whole number"},
	{"a negative index", `{"rejected":[{"index":-1}]}`, "", 200, nil, "no whole number"},
	{"out of range", `{"rejected":[{"index":3}]}`, "", 200, nil, "beyond the 3 rows"},
	{"an unknown key", `{"rejected":[{"primary_key":"k9"}]}`, "", 200, nil, "no row of the request"},
	{"two that differ", `{"rejected":[{"index":0,"primary_key":"k1"}]}`, "", 200, nil, "different rows"},
	{"a trailing comma", `{"rejected":[{"index":0},]}`, "", 200, nil, "no JSON object"},
	{"trailing text", `{"rejected":[{"index":0}]} ok`, "", 200, nil, "no JSON object"},
	{"twice", `{"rejected":[],"Rejected":[{"index":0}]}`, "", 200, nil, "two members"},
	{"retry as text", `{"rejected":[{"index":0,"retry":"yes"}]}`, "", 200, nil, "neither true nor false"},
	{"another encoding", "\x28\xb5\x2f\xfd", "zstd", 200, nil, "not asked for"},
}

// What looks like a verdict is read whole and attributed, or it is an error that says why; anything
// else says nothing of single rows.
func TestReadVerdicts(t *testing.T) {
	for _, test := range verdictTests {
		t.Run(test.name, func(t *testing.T) {
			rows := NewRows(3, func(place int) []byte { return []byte([]string{`"k0"`, `"k1"`, `"7"`}[place]) })
			verdicts, err := (*Rules)(nil).ReadVerdicts(test.status, test.encoding, []byte(test.body), rows)
			if test.problem != "" {
				if unclear := (*Unclear)(nil); !errors.As(err, &unclear) || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("got %v, %v, want an error with %q", verdicts, err, test.problem)
				}
				return
			}
			var places []int
			for _, v := range verdicts {
				places = append(places, v.Place)
			}
			if err != nil || !slices.Equal(places, test.places) {
				t.Errorf("got %v, %v, want %v", places, err, test.places)
			}
		})
	}
}
