package config

import (
	"errors"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// FuzzParse holds Parse to its contract for any bytes: it returns a config within the spec's
// bounds, or a *Error that lists problems.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `{"url":"https://example.com/hook"}`, `{"url":"http://h"} x`, `{"url":null,"headers":[null]}`,
		`{"url":"https://u:p@h/#f","method":"GET","sync_mode":"mirror"}`,
		`{"url":"http://h","batching":{"max_rows":1e2,"max_bytes":1e400}}`,
		`{"url":"http://h","batching":{"max_rows":1e1000001},"delivery":[]}`,
		`{"url":"http://h","headers":[{"name":"Host","value":"a\r\n"},{"name":5},7]}`,
		`{"url":"http://h","streams":[{"stream":"a","primary_key":[["id"],[]]},{"stream":"a","url":"x"},"b"]}`,
		`{"url":"http://h","delivery":{"retry":{"initial_interval_ms":60000,"max_interval_seconds":0.001}}}`,
		`{"url":"http://h","dead_letter":{"type":"s3","bucket":"b","path":[1]},"snapshot":{"type":"local","path":""}}`,
		`{"url":"http://h","authentication":{"type":"basic","user":"a:b"},"signing":{"secret":"whsec_"},"tls":{"client_key":"x"}}`,
		`{"url":"http://h","authentication":5,"dead_letter":{"type":null},"snapshot":{"type":{}}}`,
	} {
		f.Add([]byte(seed))
	}
	spec := readSpec(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		config, err := Parse(spec, raw)
		if err != nil {
			var invalid *Error
			if !errors.As(err, &invalid) || len(invalid.Problems) == 0 {
				t.Fatalf("Parse: %v, want a *Error with problems", err)
			}
			return
		}
		if config.URL == "" || config.Batching.MaxRows < 1 || config.Delivery.MaxConcurrentRequests < 1 {
			t.Fatalf("config out of bounds: %+v", config)
		}
		requireSameAgain(t, spec, raw, config)
	})
}

// requireSameAgain parses a config that went through another JSON encoder, as it does on its way
// through a platform.
func requireSameAgain(t *testing.T, spec, raw []byte, want *Config) {
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(spec, again)
	if err != nil {
		t.Fatalf("the same config, encoded again: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the same config, encoded again (-first +again):\n%s", diff)
	}
}
