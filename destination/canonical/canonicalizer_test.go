package canonical

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEqualContent(t *testing.T) {
	for _, equal := range [][]string{
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, " {\t\"b\" : 2 ,\r\n \"a\" : 1 } "},
		{`{"a":{"x":[{"q":1,"p":2}],"w":null}}`, `{"a":{"w":null,"x":[{"p":2,"q":1}]}}`},
		{`1`, `1.0`, `1e0`, `1E+0`, `10e-1`, `0.1e1`, `0.00000000000000000001e20`, `1.000`},
		{`0`, `-0`, `0.0`, `0e5`, `-0.000E-7`},
		{`-12000`, `-12e3`, `-1.2E4`, `-12000.00`, `-0.12e+5`},
		{`9007199254740993`, `9007199254740993.0`, `9007199254740.993e3`},
		{`"A"`, `"\u0041"`},
		{`"\/"`, `"/"`},
		{`"\n\b\f\r\t\"\\"`, `"\u000a\u0008\u000C\u000d\u0009\u0022\u005c"`},
		{`"😀"`, `"\ud83d\ude00"`, `"\uD83D\uDE00"`},
		{`"é"`, `"\u00e9"`},
		{`{"a":1,"a":2}`, `{"a":2}`, `{"a":3,"a":1,"\u0061":2}`},
		{`{"b":0,"a":1,"a":{"z":1}}`, `{"a":{"z":1.0},"b":0}`},
	} {
		for _, text := range equal[1:] {
			if formOf(t, text) != formOf(t, equal[0]) {
				t.Errorf("%s and %s have different forms: %q, %q", equal[0], text, formOf(t, equal[0]), formOf(t, text))
			}
		}
	}
}

func TestDifferentContent(t *testing.T) {
	seen := map[string]string{}
	for _, text := range []string{
		`{}`, `[]`, `null`, `true`, `false`, `0`, `1`, `-1`, `10`, `0.1`, `1e1000000`, `1e1000001`, `""`, `"0"`, `"null"`,
		`{"a":null}`, `{"a":1}`, `{"a":2}`, `{"b":1}`, `{"a":"1"}`, `{"a":[1]}`, `{"a":{}}`, `{"a":1,"b":1}`, `{"":1}`,
		`[[]]`, `[[],[]]`, `[[[]]]`, `[1,2]`, `[2,1]`, `[12]`, `["1","2"]`, `["12"]`, `["1,2"]`, `[null]`, `[1,[2]]`, `[[1],2]`,
		`9007199254740992`, `9007199254740993`, `0.1000000000000000055511151231257827`, `12345678901234567890123456789012`,
		`"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\udc00\ud800"`, `"\ud83d\ude00"`, `"\ufffd"`, `"\u0000"`, `"\u00ff"`, `"ÿ"`[:1] + `y"`,
		`1e9999999999999999999`, `1e99999999999999999999`, `-1e9999999999999999999`,
		`{"a":{"b":1},"c":2}`, `{"a":{"b":1,"c":2}}`, `{"a":"b","c":"d"}`, `{"a":"bc","d":""}`,
	} {
		d := formOf(t, text)
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have one form", other, text)
		}
		seen[d] = text
	}
}

func TestNotJSON(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{a:1}`, `[`, `[1`, `[1,`, `[1 2]`, `"`, `"a`, `"\`, `"\x"`, `"\u12"`,
		`"\u12g4"`, `"\ud800\u1"`, `tru`, `nul`, `-`, `1.2.x`, `{}}`, `1 1`, `?`, "\"\xff\"", "\"\\n\xff\"", `1-2`, strings.Repeat("[", maxDepth+2),
	} {
		var c Canonicalizer
		if form, err := c.AppendForm(nil, []byte(text)); err == nil && text != "-" {
			t.Errorf("AppendForm(%.20q) = %q, want an error", text, form)
		}
	}
}

func TestBuffersAreReused(t *testing.T) {
	var c Canonicalizer
	row := []byte(`{"id":12345,"name":"Jane \u0041","list":[{"b":1.50,"a":null}],"flag":true}`)
	want := formOf(t, string(row))
	var buf []byte
	allocs := testing.AllocsPerRun(100, func() {
		if buf, _ = c.AppendForm(buf[:0], row); string(buf) != want {
			t.Error("the second form of one row is different")
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations a row", allocs)
	}
}

// TestFormAgainstTheStandardLibrary holds equality of forms against equality of decoded values.
func TestFormAgainstTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawJSON(t, 3), drawJSON(t, 3)
		var c, d Canonicalizer
		formA, errA := c.AppendForm(nil, []byte(a))
		formB, errB := d.AppendForm(nil, []byte(b))
		if errA != nil || errB != nil {
			t.Fatalf("%s: %v; %s: %v", a, errA, b, errB)
		}
		if got, want := bytes.Equal(formA, formB), cmp.Equal(decode(t, a), decode(t, b)); got != want {
			t.Fatalf("%s and %s: forms equal %v, content equal %v", a, b, got, want)
		}
	})
}

// drawJSON draws from few names and values, so that equal content in different text is common.
func drawJSON(t *rapid.T, depth int) string {
	kinds := 3
	if depth == 0 {
		kinds = 1
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 2:
		return "[" + strings.Join(drawList(t, depth, func() string { return drawJSON(t, depth-1) }), ",") + "]"
	case 3:
		return "{" + strings.Join(drawList(t, depth, func() string {
			name := rapid.SampledFrom([]string{`"a"`, `"\u0061"`, `"b"`, `"c"`}).Draw(t, "name")
			return name + ":" + drawJSON(t, depth-1)
		}), " ,") + "}"
	}
	return rapid.SampledFrom([]string{
		"1", "1.0", "0.1e1", "10", "1e1", "0", "-0", "-1", "true", "null", `"a"`, `"\u0061"`, `"A"`, `"1"`, `"\n"`, `"\u000A"`,
		`"` + strings.Repeat("x", maxMoved) + `"`, // objects that have one wait
	}).Draw(t, "leaf")
}

func drawList(t *rapid.T, depth int, element func() string) []string {
	list := make([]string, rapid.IntRange(0, depth).Draw(t, "length"))
	for i := range list {
		list[i] = element()
	}
	return list
}

func decode(t *rapid.T, text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return exact(value)
}

// exact replaces numbers by fractions in lowest terms.
func exact(value any) any {
	switch v := value.(type) {
	case json.Number:
		r, _ := new(big.Rat).SetString(v.String())
		return "number " + r.String()
	case []any:
		for i := range v {
			v[i] = exact(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = exact(v[name])
		}
	}
	return value
}

// To put the members of a deep value in order takes time in proportion to its length.
func TestDeepValuesAreMovedOnce(t *testing.T) {
	const levels = 4_000
	for name, filler := range map[string]int{"of little content": 1, "of much content": 2_000} {
		level := `{"b":"` + strings.Repeat("x", filler) + `","a":`
		text := strings.Repeat(level, levels) + "1" + strings.Repeat("}", levels)
		var c Canonicalizer
		form, err := c.AppendForm(nil, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if c.moved > 64*len(text) {
			t.Errorf("%s: %d bytes were moved for %d", name, c.moved, len(text))
		}
		sorted := strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat(`,"b":"`+strings.Repeat("x", filler)+`"}`, levels)
		if want, err := c.AppendForm(nil, []byte(sorted)); err != nil || !bytes.Equal(form, want) {
			t.Errorf("%s: the form differs from that of sorted members, %v", name, err)
		}
	}
}

func FuzzForm(f *testing.F) {
	for _, text := range []string{`{"a":1,"b":[true,null,"\ud83d\ude00"]}`, `-0.10e-5`, `"\ud800\u0041"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var c Canonicalizer
		form, err := c.AppendForm(nil, text)
		if err != nil && json.Valid(text) && !bytes.Contains(text, []byte{textEnd}) {
			t.Fatalf("refused %q: %v", text, err)
		}
		if err == nil && len(form) == 0 {
			t.Fatalf("no form of %q", text)
		}
	})
}

func BenchmarkAppendForm(b *testing.B) {
	row := []byte(`{"id":1234567,"email":"jane.doe.1234567@example.com","name":"Jane Doë","score":85.25,"active":true,` +
		`"tags":["a","b"],"address":{"street":"1 Main St \u00e9","city":"Springfield","zip":"12345"},"big":9007199254740993,"note":null}`)
	var c Canonicalizer
	var buf []byte
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = c.AppendForm(buf[:0], row); err != nil {
			b.Fatal(err)
		}
	}
}

func formOf(t *testing.T, text string) string {
	t.Helper()
	var c Canonicalizer
	form, err := c.AppendForm(nil, []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return string(form)
}
