package config

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// A schema of rows is an object, whose nulls and digits stay, a text, or a file beside the config.
func TestSchemaOfRows(t *testing.T) {
	folder := fstest.MapFS{
		"a.json":     {Data: []byte("\uFEFF{\"maximum\":7}")},
		"broken":     {Data: []byte("secret")},
		"large":      {Data: []byte(strings.Repeat(" ", maxSchema+1))},
		"dir/b.json": {Data: []byte("{}")},
		"pipe":       {Mode: fs.ModeNamedPipe},
	}
	parse := func(schema string) (*Config, error) {
		return ParseIn(folder, readSpec(t), []byte(`{"url":"http://h","payload":{"format":"array","schema":`+schema+`},"streams":[{"stream":"other"},{"stream":"s","payload":{"schema":`+schema+`}}]}`))
	}
	for schema, want := range map[string]string{
		`{"const":null, "maximum":9007199254740993}`: `{"const":null, "maximum":9007199254740993}`,
		`"{\"maximum\":7}"`:                          `{"maximum":7}`,
		`"a.json"`:                                   `{"maximum":7}`,
		`null`:                                       ``,
	} {
		c, err := parse(schema)
		if err != nil {
			t.Errorf("%s: %v", schema, err)
			continue
		}
		if diff := cmp.Diff([]string{want, want}, []string{c.Payload.Schema, c.Streams[1].Payload.Schema}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", schema, diff)
		}
	}
	for schema, want := range map[string]string{
		`"none.json"`:   "there is none of that name",
		`"dir"`:         "there is none of that name",
		`"pipe"`:        "there is none of that name",
		`"dir/b.json"`:  "without a folder",
		`"../a.json"`:   "without a folder",
		`"/etc/passwd"`: "without a folder",
		`"broken"`:      "this is not one JSON value",
		`"large"`:       "a file of at most 262144 bytes",
		`7`:             "expected a text",
		`[]`:            "expected a text",
	} {
		_, err := parse(schema)
		if err == nil || strings.Count(err.Error(), want) != 2 || !strings.Contains(err.Error(), "streams.1.payload.schema: expected") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want twice %q", schema, err, want)
		}
	}
}
