package journal

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Rows are found in every format of the sender, as data alone and as full rows.
func TestParseBody(t *testing.T) {
	data := func(texts ...string) (rows []Row) {
		for _, text := range texts {
			rows = append(rows, Row{Data: json.RawMessage(text)})
		}
		return rows
	}
	full := `{"data":{"a":1},"operation":"removed","primary_key":"1"}`
	fullRow := []Row{{Data: json.RawMessage(`{"a":1}`), Operation: "removed", PrimaryKey: json.RawMessage(`"1"`)}}
	const ndjson, form = "application/x-ndjson", "application/x-www-form-urlencoded"
	for _, test := range []struct {
		contentType, body string
		want              []Row
	}{
		{"application/json", `[{"a":1.0}, {"b":[2]}]`, data(`{"a":1.0}`, `{"b":[2]}`)},
		{"application/json", `[` + full + `]`, fullRow},
		{"application/json", `[]`, []Row{}},
		{ndjson, "{\"a\":1}\n{\"index\":{}}\n", data(`{"a":1}`, `{"index":{}}`)},
		{ndjson, full + "\n", fullRow},
		{ndjson, "", []Row{}},
		{"application/json", `{"records":[{"a":1}],"n":1}`, data(`{"a":1}`)},
		{"application/json", `{"batch":{"items":[` + full + `]}}`, fullRow},
		{"application/json", `{"id":1,"tags":[{"a":1}]}`, data(`{"id":1,"tags":[{"a":1}]}`)},
		{"application/json", full, fullRow},
		{"application/json", `{"data":{"a":1},"name":"x"}`, data(`{"data":{"a":1},"name":"x"}`)},
		{form, `a=1&b+c=%5B1%5D`, data(`{"a":"1","b c":"[1]"}`)},
		{form, `data=%7B%22a%22%3A1%7D&operation=removed&primary_key=1`, fullRow},
	} {
		e, err := parseBody([]byte(test.body), test.contentType)
		if diff := cmp.Diff(test.want, e.Rows); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", test.body, err, diff)
		}
	}
	for body, want := range map[string]string{
		`[{"a":1}`: "parsing the rows: ", `[{"a":1}] 2`: "something follows", `{"sync_mode":"insert"}`: "rows is missing", `{}`: "sync_mode is missing", `{"a":`: "EOF",
	} {
		if _, err := parseBody([]byte(body), "application/json"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}
