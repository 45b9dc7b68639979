package route

import (
	"strings"
	"testing"

	"destination-webhook/destination/config/configtest"
)

// A stream that lacks what its URLs are made of is found before the sync; operations that its mode
// does not send do not count.
func TestURLsThatAStreamCannotHave(t *testing.T) {
	const (
		snapshot = `,"snapshot":{"type":"local","path":"/snapshot","keep_rows":false}`
		byKey    = `,"operations":{"removed":{"method":"DELETE","url":"https://h/u/{primary_key}"}}`
		byField  = `,"operations":{"removed":{"method":"DELETE","url":"https://h/u/{data.id}"}}`
		array    = `,"payload":{"format":"array"}`
		mirror   = `"sync_mode":"full_refresh","destination_sync_mode":"overwrite","primary_key":[["id"]]`
		insert   = `"destination_sync_mode":"append"`
	)
	tests := map[string]struct{ config, stream, want string }{
		"a key that is missing":           {`,"streams":[{"stream":"users","url":"https://h/u/{primary_key}"}]`, insert, "stream users: the URL of its added rows has {primary_key}, and the stream has no primary key"},
		"a field that the key lacks":      {`,"sync_mode":"upsert","streams":[{"stream":"users","url":"https://h/u/{primary_key.2}"}]`, `"primary_key":[["a"],["b"]],"destination_sync_mode":"append"`, "has {primary_key.2}, and the primary key has 2 fields"},
		"a field of the key":              {`,"sync_mode":"upsert","streams":[{"stream":"users","url":"https://h/u/{primary_key.1}"}]`, `"primary_key":[["a"],["b"]],"destination_sync_mode":"append"`, ""},
		"a namespace that is missing":     {`,"streams":[{"stream":"users","url":"https://h/{namespace}"}]`, insert, "has {namespace}, and the stream has no namespace"},
		"a namespace in the query":        {`,"streams":[{"stream":"users","url":"https://h/{?namespace}"}]`, insert, ""},
		"removals that an insert sends":   {byKey, insert, ""},
		"a field that is not kept":        {snapshot + byField, mirror, "the URL of its removed rows has a field of the data, which the snapshot does not keep"},
		"a field of rows marked deleted":  {byField, `"destination_sync_mode":"append_dedup","primary_key":[["id"]]`, ""},
		"the key of rows that left":       {snapshot + byKey, mirror, ""},
		"a body that is left out":         {`,"streams":[{"stream":"orders","url":"https://h/{primary_key}"}],"operations":{"added":{"body":"none"}}`, insert, "would not say which row is added"},
		"removals that look like changes": {snapshot + array + `,"operations":{"added":{"url":"https://h/a"},"removed":{"body":"row"}}`, mirror, "they look like all others"},
		"removals by a route":             {snapshot + array + byKey, mirror, ""},
	}
	for name, test := range tests {

		_, err := NewTable(configtest.Parse(t, test.config), catalogOf(t, `{"stream":{"name":"users"},`+test.stream+`}`), "agent")
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}
