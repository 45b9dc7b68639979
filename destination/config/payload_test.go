package config

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each mistake in a payload is found before the sync, and the message says what was expected.
func TestPayloadMistakes(t *testing.T) {
	wrapped := func(wrapper string) string {
		return fmt.Sprintf(`"payload":{"format":"wrapped","wrapper":%q}`, wrapper)
	}
	for name, test := range map[string]struct{ fields, want string }{
		"another format":        {`"payload":{"format":"csv"}`, "payload.format: expected one of envelope, array, ndjson, single, wrapped, form"},
		"no format":             {`"payload":{"row":"full"}`, "payload.format: required, expected one of envelope, array, ndjson, single, wrapped, form"},
		"another row":           {`"payload":{"format":"array","row":"raw"}`, "payload.row: expected one of data, full"},
		"no media type":         {`"payload":{"format":"array","content_type":"json;"}`, ""},
		"a sentence for a type": {`"payload":{"format":"array","content_type":"all kinds"}`, "payload.content_type: expected a media type such as application/json"},
		"a header in the type":  {`"payload":{"format":"array","content_type":"text/plain\r\nX-A: 1"}`, "payload.content_type: expected a media type such as application/json"},
		"no wrapper":            {`"payload":{"format":"wrapped"}`, "payload.wrapper: required, expected a text"},
		"an empty wrapper":      {wrapped(" "), `payload.wrapper: required, expected JSON with the string "$rows" in it, such as {"records":"$rows"}`},
		"no rows":               {wrapped(`{"a":"$row"}`), `payload.wrapper: expected the string "$rows" once as a value, in whose place the rows come`},
		"rows as a name":        {wrapped(`{"$rows":[]}`), `payload.wrapper: expected the string "$rows" once as a value, in whose place the rows come`},
		"rows twice":            {wrapped("{\"a\":\"$rows\",\n\"b\":\"$rows\"}"), `payload.wrapper: expected "$rows" once, a second one ends at line 2, column 12`},
		"a broken wrapper":      {wrapped("{\"a\":\n\"$rows\",}"), `payload.wrapper: expected one JSON value, it is broken at line 2, column 8`},
		"a wrapper cut off":     {wrapped(`{"a":"$rows"`), `payload.wrapper: expected one JSON value, it is broken at line 1, column 13`},
		"two wrappers":          {wrapped(`["$rows"] []`), `payload.wrapper: expected one JSON value, more follows at line 1, column 13`},
		"a name twice":          {wrapped(`{"a":1,"a":"$rows"}`), `payload.wrapper: expected each member once, a name is given twice at line 1, column 8`},
		"mirrors hide removals": {`"sync_mode":"mirror","snapshot":{"type":"local","path":"/local/s"},"payload":{"format":"ndjson"}`,
			"payload.row: expected full in sync mode mirror, operations.removed, or a transform that reads $operation, else nothing shows which rows are removed"},
		"a stream's wrapper is missing": {`"streams":[{"stream":"a","payload":{"format":"wrapped"}}]`,
			`streams.0.payload.wrapper: required, expected JSON with the string "$rows" in it, such as {"records":"$rows"}`},
		"a stream's wrapper of no use": {`"streams":[{"stream":"a","payload":{"format":"array","wrapper":"[\"$rows\"]"}}]`,
			"streams.0.payload.wrapper: expected no wrapper unless the format is wrapped"},
		"a stream's row of no use": {`"streams":[{"stream":"a","payload":{"row":"full"}}]`,
			"streams.0.payload.row: expected no row form, the rows of an envelope are always full"},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			if diff := cmp.Diff(want, problemsOf(t, `{"url":"https://example.com",`+test.fields+`}`)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// A stream's payload adds to that of the config, unless it has another format.
func TestPayloadOfAStream(t *testing.T) {
	top := Payload{Format: Wrapped, Wrapper: `["$rows"]`, Row: RowFull, ContentType: "a/b"}
	for _, test := range []struct{ own, want Payload }{
		{Payload{}, top},
		{Payload{Row: RowData}, Payload{Format: Wrapped, Wrapper: `["$rows"]`, Row: RowData, ContentType: "a/b"}},
		{Payload{Format: NDJSON}, Payload{Format: NDJSON}},
		{Payload{Format: Wrapped, ContentType: "c/d"}, Payload{Format: Wrapped, Wrapper: `["$rows"]`, Row: RowFull, ContentType: "c/d"}},
	} {
		if diff := cmp.Diff(test.want, test.own.or(top)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.own, diff)
		}
	}
}
