package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseEnvelope(t *testing.T) {
	body := ` {"sync_mode":"mirror","stream":"users","namespace":"public","sync_id":3,"generation_id":4,"unknown":[1],
		"rows":[{"data":{"n":1.0, "t":"\ud800"},"operation":"changed","primary_key":"7","emitted_at":1700000000000,"changes":[{"field":"x"}],"more":{}}]} `
	got, err := parseEnvelope([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	want := envelope{
		SyncMode: "mirror", Stream: "users", Namespace: "public", SyncID: 3, GenerationID: 4,
		Rows: []Row{{
			Operation: "changed", PrimaryKey: json.RawMessage(`"7"`), Data: json.RawMessage(`{"n":1.0, "t":"\ud800"}`),
			EmittedAt: json.RawMessage(`1700000000000`), Changes: json.RawMessage(`[{"field":"x"}]`),
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseEnvelopeRefuses(t *testing.T) {
	tests := map[string]string{
		``:                                   "EOF",
		`[]`:                                 "expected an object, found [",
		`{"rows":[]}`:                        "sync_mode is missing",
		`{"sync_mode":"insert"}`:             "rows is missing",
		`{"sync_mode":"x"}`:                  `sync_mode is "x", expected one of ["insert" "upsert" "add" "remove" "mirror"]`,
		`{"sync_mode":1}`:                    "expected sync_mode as a string",
		`{"sync_mode":"insert","rows":[{}]}`: "row 0: data is missing",
		`{"sync_mode":"insert","rows":[{"data":{}},{"data":[]}]}`:         "row 1: expected data",
		`{"sync_mode":"insert","rows":[{"data":{},"operation":"moved"}]}`: `row 0: operation is "moved"`,
		`{"sync_mode":"insert","rows":[{"data":{},"primary_key":1}]}`:     "row 0: expected primary_key",
		`{"sync_mode":"insert","rows":{}}`:                                "expected an array",
		`{"sync_mode":"insert","rows":[]}{}`:                              "something follows it",
		`{"sync_mode":"insert","rows":[],"generation_id":1.5}`:            "generation_id is 1.5, expected a whole number",
		`{"sync_mode":"insert","rows":[{"data":{"a":}}]}`:                 "invalid",
		`{"sync_mode":"insert","rows":[{"data":{}}`:                       "EOF",
	}
	for body, want := range tests {
		if _, err := parseEnvelope([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", body, err, want)
		}
	}
}

func TestRowsAreBounded(t *testing.T) {
	for _, test := range []struct {
		rows    int
		problem error
	}{{100_000, nil}, {100_001, errTooManyRows}} {
		rows := strings.TrimSuffix(strings.Repeat(`{"data":{}},`, test.rows), ",")
		e, err := parseEnvelope([]byte(`{"sync_mode":"insert","rows":[` + rows + `]}`))
		if !errors.Is(err, test.problem) || err == nil && len(e.Rows) != test.rows {
			t.Errorf("%d rows: got %d and the error %v, want %v", test.rows, len(e.Rows), err, test.problem)
		}
	}
}

func BenchmarkParseEnvelope(b *testing.B) {
	var body strings.Builder
	body.WriteString(`{"sync_mode":"insert","rows":[`)
	for i := range 1000 {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"data":{"id":%d,"email":"user%d@example.com","note":%q},"operation":"added","primary_key":"%d"}`, i, i, strings.Repeat("text ", 150), i)
	}
	body.WriteString(`]}`)
	b.SetBytes(int64(body.Len()))
	for b.Loop() {
		if _, err := parseEnvelope([]byte(body.String())); err != nil {
			b.Fatal(err)
		}
	}
}

// A DELETE without a body is the removal of the row that its path names.
func TestRemovalWithoutABody(t *testing.T) {
	for target, want := range map[string]string{
		"/users/42":             `"42"`,
		"/users/a%2Fb%20c?x=/y": `"a/b c"`,
		"/users/a,b%2Cc":        `["a","b,c"]`,
		"/users/%22":            `"\""`,
	} {
		req := httptest.NewRequest(http.MethodDelete, "http://h"+target, nil)
		req.Header.Set("Airbyte-Stream", "users")
		q := NewRequest(req, time.Now())
		rows := q.Parse(nil)
		if len(rows) != 1 || q.Rows != 1 || q.Problem != "" {
			t.Fatalf("%s: %d rows, problem %q", target, len(rows), q.Problem)
		}
		if r := rows[0]; string(r.PrimaryKey) != want || r.Operation != "removed" || r.Stream != "users" || string(r.Data) != "{}" {
			t.Errorf("%s is the row %+v, want key %s", target, r, want)
		}
	}
}
