package protocol

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// valid reports whether the scanner takes the whole text as one JSON value.
func valid(text string) bool {
	b := append([]byte(text), sentinel)
	i := value(b, space(b, 0), 0)
	return i >= 0 && space(b, i) == len(text)
}

var scanTexts = []struct {
	text string
	want bool
}{
	{`{}`, true},
	{`[]`, true},
	{` { "a" : [ 1 , -0 , 0.5 , 1e9 , 1E+9 , 1.25e-7 , true , false , null ] } `, true},
	{`{"a":{"b":{"c":"d"}},"a":1}`, true},
	{`"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"`, true},
	{`"\ud800"`, true}, // a lone surrogate as an escape is grammatical
	{`"0123456789 é 😀 中文 0123456789"`, true},
	{"\"\x7f\"", true},
	{`12345678901234567890123456789012`, true},
	{`1e400`, true},
	{``, false},
	{`{`, false},
	{`{"a"`, false},
	{`{"a":`, false},
	{`{"a":1`, false},
	{`{"a":1,`, false},
	{`{"a":1,}`, false},
	{`{a:1}`, false},
	{`{"a" 1}`, false},
	{`{,}`, false},
	{`{"a":1 "b":2}`, false},
	{`[1,]`, false},
	{`[1 2]`, false},
	{`[,1]`, false},
	{`01`, false},
	{`-`, false},
	{`+1`, false},
	{`.5`, false},
	{`1.`, false},
	{`1.e1`, false},
	{`1e`, false},
	{`1e+`, false},
	{`0x1`, false},
	{`NaN`, false},
	{`tru`, false},
	{`truee`, false},
	{`nul`, false},
	{`"`, false},
	{`"a`, false},
	{`"\`, false},
	{`"\x"`, false},
	{`"\u12"`, false},
	{`"\u12G4"`, false},
	{"\"\t\"", false},
	{"\"\x00\"", false},
	{"\"01234567\x1f\"", false},
	{"\"\xff\"", false},
	{"\"\xc0\x80\"", false},         // overlong
	{"\"\xed\xa0\x80\"", false},     // a surrogate as bytes
	{"\"\xf4\x90\x80\x80\"", false}, // above U+10FFFF
	{"\"\xe4\xb8\"", false},         // cut short
	{"\"\xe0\x9f\xbf\"", false},     // overlong
	{"{} {}", false},
	{"\xef\xbb\xbf{}", false},
}

func TestValue(t *testing.T) {
	for _, tt := range scanTexts {
		if got := valid(tt.text); got != tt.want {
			t.Errorf("valid(%q) = %v, want %v", tt.text, got, tt.want)
		}
	}
}

// Every special byte at every place in a word, with and without a whole word after it.
func TestStringAtEveryOffset(t *testing.T) {
	for pad := range 20 {
		for tail := range 20 {
			before, after := strings.Repeat("x", pad), strings.Repeat("y", tail)
			for middle, want := range map[string]bool{
				"": true, `\n`: true, `\u12aB`: true, "é": true, "中": true, "😀": true, " ": true, "!": true, "#": true, "[": true, "]": true,
				"\x1f": false, "\x80": false, "\xc3": false, `\y`: false, "\r": false,
			} {
				text := `"` + before + middle + after + `"`
				if got := valid(text); got != want {
					t.Fatalf("valid(%q) = %v, want %v", text, got, want)
				}
			}
		}
	}
}

func TestDepth(t *testing.T) {
	for _, pair := range []struct{ open, close string }{{"[", "]"}, {`{"a":`, "}"}} {
		nest := func(n int) string { return strings.Repeat(pair.open, n) + "1" + strings.Repeat(pair.close, n) }
		if !valid(nest(maxDepth)) {
			t.Errorf("%d levels of %q refused", maxDepth, pair.open)
		}
		if valid(nest(maxDepth + 1)) {
			t.Errorf("%d levels of %q accepted", maxDepth+1, pair.open)
		}
	}
}

// The error index is the first byte that cannot be.
func TestErrorIndex(t *testing.T) {
	for text, want := range map[string]int{
		`{"a":x}`:        5,
		`{"a":1,}`:       7,
		`[1,2`:           4,
		`{"a":"b` + "\t": 7,
		`{"a":tru3}`:     8,
		`"\u00g0"`:       5,
	} {
		b := append([]byte(text), sentinel)
		if got := value(b, 0, 0); got != ^want {
			t.Errorf("value(%q) = %d, want ^%d", text, got, want)
		}
	}
}

func FuzzValue(f *testing.F) {
	for _, tt := range scanTexts {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsRune(text, sentinel) {
			t.Skip("a line holds no newline")
		}
		want := json.Valid([]byte(text)) && utf8.ValidString(text)
		if got := valid(text); got != want {
			t.Fatalf("valid(%q) = %v, encoding/json and utf8 say %v", text, got, want)
		}
	})
}

// typicalLine is the middle shape of docs/performance.md.
const typicalLine = `{"type":"RECORD","record":{"stream":"users","namespace":"public","data":{"id":123456,"uuid":"0b2f1c9e-5a77-4b7e-9c61-0d7f8f4f2a11","email":"jane.doe.123456@example.com","name":"Jané Doe \"JD\"","score":85.25,"big":9007199254740993,"active":true,"deleted_at":null,"tags":["alpha","beta","gamma"],"address":{"street":"1 Main St","city":"Zürich","zip":"8001","geo":{"lat":47.3769,"lon":8.5417}}},"emitted_at":1700000000000}}`

func BenchmarkValue(b *testing.B) {
	text := []byte(typicalLine + "\n")
	b.Run("scanner", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if value(text, 0, 0) < 0 {
				b.Fatal("refused")
			}
		}
	})
	b.Run("gjson", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if !gjson.ValidBytes(text) || !gjson.GetBytes(text, "record.data").IsObject() {
				b.Fatal("refused")
			}
		}
	})
}
