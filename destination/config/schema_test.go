package config

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

func TestParseSurvivesNesting(t *testing.T) {
	nested := func(depth int) string {
		return `{"url":"http://h","x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`
	}
	want := []string{"config: expected values that are nested at most 16 levels deep"}
	if diff := cmp.Diff(want, problemsOf(t, nested(9_999))); diff != "" {
		t.Errorf("10,000 levels (-want +got):\n%s", diff)
	}
	want = []string{"config: expected one JSON object in UTF-8, it is broken at line 1, column 10022"}
	if diff := cmp.Diff(want, problemsOf(t, nested(100_000))); diff != "" {
		t.Errorf("100,001 levels (-want +got):\n%s", diff)
	}
}

// The tree of a config holds no such number; if one does, it is refused here.
func TestValidateSurvivesThePanicOfTheValidator(t *testing.T) {
	limit := 5.0
	node := &specNode{Type: "object", Properties: map[string]*specNode{"n": {Type: "number", Maximum: &limit}}}
	_, err := node.validate(map[string]any{"n": jsontext.Value("1e1000001")})
	if err == nil || strings.Contains(err.Error(), "1000001") {
		t.Errorf("validate: %v, want an error without the number", err)
	}
}

func TestParseSpecRefusesAnotherFile(t *testing.T) {
	for _, spec := range []string{``, `{}`, `{"connectionSpecification":null}`, `[]`} {
		if config, err := Parse([]byte(spec), []byte(`{"url":"http://h"}`)); err == nil || config != nil {
			t.Errorf("Parse with the spec %q: %v, %v, want an error", spec, config, err)
		}
	}
}

func TestAt(t *testing.T) {
	root, err := parseSpec(readSpec(t))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"url":                         "string",
		"batching.max_rows":           "integer",
		"headers":                     "array",
		"headers.12":                  "object",
		"streams.0.primary_key.1.0":   "string",
		"delivery.retry.max_attempts": "integer",
	}
	for path, want := range tests {
		if diff := cmp.Diff(want, root.at(strings.Split(path, ".")).Type); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}
