package jsonschema

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func compiled(t *testing.T, text string) *Schema {
	t.Helper()
	s, err := Compile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A value that does not fit is described by its place and the rule, never by itself.
func TestCheck(t *testing.T) {
	s := compiled(t, `{"$schema":"http://json-schema.org/draft-07/schema#","$id":"https://example.com/s","type":"object","required":["id"],"additionalProperties":false,
		"properties":{"id":{"type":"integer"},"email":{"type":"string","pattern":"@"},"age":{"minimum":0},"at":{"$ref":"#/definitions/address"},"kind":{"enum":["a","b"]},
			"a.b":{"type":"array","uniqueItems":true,"items":{"multipleOf":0.01}},"one":{"oneOf":[{"type":"string"},{"type":"null"}]},"const":{"const":{"$ref":"http://127.0.0.1:1/"}}},
		"definitions":{"address":{"type":"object","properties":{"zip":{"type":"string","maxLength":5}}}}}`)
	for text, want := range map[string]string{
		`{"id":1,"email":"a@b","age":0.5,"at":{"zip":"12345"},"one":null,"a.b":[0.07,1e2]}`: "",
		`{"id":9007199254740993.0,"const":{"$ref":"http://127.0.0.1:1/"}}`:                  "",
		`{"email":"a@b"}`:                           `the row: "id" is missing`,
		`{"id":"secret"}`:                           `/id: expected integer`,
		`{"id":1,"email":"secret"}`:                 `/email: does not fit pattern`,
		`{"id":1,"age":-7}`:                         `/age: does not fit minimum`,
		`{"id":1,"at":{"zip":"secret77"}}`:          `/at/zip: does not fit maxLength`,
		`{"id":1,"kind":"secret"}`:                  `/kind: does not fit enum`,
		`{"id":1,"more":"secret"}`:                  `the row: "more" is not allowed`,
		`{"id":1,"const":"secret"}`:                 `/const: does not fit const`,
		`{"id":1,"a.b":[1,0.001]}`:                  `/a.b/1: does not fit multipleOf`,
		`{"id":1,"a.b":[1,1.0]}`:                    `/a.b: does not fit uniqueItems`,
		`{"id":1,"one":77}`:                         `/one: expected string`,
		`{"id":1e999999999}`:                        `it has a number or a list that is too long to be held against a schema`,
		`{"id":1,"a.b":[` + list(maxUnique) + `0]}`: `it has a number or a list that is too long to be held against a schema`,
		`"secret"`:                                  `the row: expected object`,
	} {
		if got := s.Check([]byte(text)); got != want || strings.Contains(got, "secret") {
			t.Errorf("%.100s: %q, want %q", text, got, want)
		}
	}
}

func list(n int) string { return strings.Repeat("1,", n) }

func TestCompileRefuses(t *testing.T) {
	lines := "{"
	for i := range 30 {
		lines += fmt.Sprintf(`"d%d":{"allOf":[{"$ref":"#/definitions/d%d"},{"$ref":"#/definitions/d%d"}]},`, i, i+1, i+1)
	}
	for text, want := range map[string]string{
		``:                                "not one JSON value",
		`{"type":"objekt"}`:               "draft-07",
		`{"type":`:                        "not one JSON value",
		`{} {}`:                           "not one JSON value",
		`[]`:                              "draft-07",
		`{"pattern":"("}`:                 "draft-07",
		`{"maximum":1e999999999}`:         "without numbers of hundreds of digits",
		`{"$ref":"#"}`:                    "no other document is read",
		`{"$ref":"#/definitions/a"}`:      "one is not",
		`{"$ref":7}`:                      "no other document is read",
		`{"$ref":"http://127.0.0.1:1/s"}`: "no other document is read",
		`{"properties":{"a":{"items":{"$ref":"file:///etc/passwd"}}}}`:                                           "no other document is read",
		`{"properties":{"const":{"$ref":"file:///etc/passwd"}}}`:                                                 "no other document is read",
		`{"properties":{"a":{"$ref":"#/definitions/a"}},"definitions":{"a":{"not":{"$ref":"#/definitions/a"}}}}`: "does not refer to itself",
		`{"allOf":[{"$ref":"#/allOf/0"}]}`:                                                                       "does not refer to itself",
		strings.Repeat(`{"not":`, 200) + `{}` + strings.Repeat(`}`, 200):                                         "nested up to 100 times",
		`{"allOf":[` + strings.Repeat(`{},`, maxSchemas) + `{}]}`:                                                "at most 10000 parts",
		`{"enum":[` + strings.Repeat(`1,`, maxSchemas) + `1],"type":"integer"}`:                                  "at most 10000 parts",
		`{"$ref":"#/definitions/d0","definitions":` + lines + `"d30":{}}}`:                                       "at most 10000 parts",
	} {
		if _, err := Compile([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: %v, want %q", text, err, want)
		}
	}
}

// No document is opened or dialled, even if a reference is not recognised as one to another.
func TestNothingElseIsRead(t *testing.T) {
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was asked for", r.URL) }))
	defer endpoint.Close()
	file := filepath.Join(t.TempDir(), "other.json")
	if err := os.WriteFile(file, []byte(`{"type":"integer"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{endpoint.URL + "/s", "file://" + file} {
		for _, schema := range []string{`{"$ref":%q}`, `{"$id":%[1]q,"$ref":%[1]q}`, `{"$schema":%q}`, `{"$id":%q,"properties":{"a":{"$ref":"#/definitions/b"}},"definitions":{"b":{}}}`, `{"items":{"$id":%q,"items":{"$ref":"b"}}}`} {
			s, err := Compile(fmt.Appendf(nil, schema, source))
			if err == nil && s.Check([]byte(`"a"`)) != "" {
				t.Errorf(schema+": it was read", source)
			}
		}
		if _, err := (offlineFactory{}).New(source).LoadJSON(); err == nil {
			t.Errorf("%s is loaded", source)
		}
	}
}
