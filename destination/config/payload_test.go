package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
