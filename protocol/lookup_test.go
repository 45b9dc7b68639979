package protocol

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLookup(t *testing.T) {
	paths := [][]string{{"id"}, {"a", "b"}, {"a", "c", "d"}, {"a"}}
	for object, want := range map[string][]string{
		`{}`:                                     {"", "", "", ""},
		`{"id":7}`:                               {"7", "", "", ""},
		`{  "id" : "x" , "a" : null }`:           {`"x"`, "", "", "null"},
		`{"id":1,"id":2}`:                        {"2", "", "", ""},
		`{"a":{"b":1,"c":{"d":2}},"a":{"b":3}}`:  {"", "3", "", `{"b":3}`},
		`{"a":{"b":1,"c":{"d":2}},"a":null}`:     {"", "", "", "null"},
		`{"a":{"c":{"d":2},"c":{}}}`:             {"", "", "", `{"c":{"d":2},"c":{}}`},
		`{"\u0069d":"esc\"aped"}`:                {`"esc\"aped"`, "", "", ""},
		`{"a":{"b":[1,{"b":2}],"c":{"d":true}}}`: {"", `[1,{"b":2}]`, "true", `{"b":[1,{"b":2}],"c":{"d":true}}`},
		`{"x":{"id":1,"s":"}\\\"{"},"y":[[]],"z":"0123456789\\","id":-1.5e3}`: {"-1.5e3", "", "", ""},
		`{"a":[{"b":1}],"id":"中文中文中文\""}`:                                     {`"中文中文中文\""`, "", "", `[{"b":1}]`},
	} {
		var got []string
		for _, value := range NewLookup(paths...).Find([]byte(object), nil) {
			got = append(got, string(value))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", object, diff)
		}
	}
}

// The lookup reads only what the scanner has let through; there it has to agree with encoding/json.
func FuzzLookup(f *testing.F) {
	f.Add(`{"a":{"k":"v\\\""},"k":[1,"]",{"k":2}],"n":1e5 }`)
	f.Add(`{"k":null,"a":{"k":{}}}`)
	f.Add(`{"a":{"k":1},"a":{"k":2},"a":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var want map[string]json.RawMessage
		b := append([]byte(text), sentinel)
		if b[0] != '{' || value(b, 0, 0) != len(text) || json.Unmarshal([]byte(text), &want) != nil {
			t.Skip("not an object")
		}
		got := NewLookup([]string{"k"}, []string{"a", "k"}).Find([]byte(text), nil)
		if diff := cmp.Diff(string(want["k"]), string(got[0])); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
		if diff := cmp.Diff(string(parsed(text).at("a", "k")), string(got[1])); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
	})
}
