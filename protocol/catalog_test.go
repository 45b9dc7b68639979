package protocol

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// configured is a catalog of one stream.
func configured(change func(*ConfiguredStream)) *Catalog {
	s := ConfiguredStream{SyncMode: "incremental", DestinationSyncMode: AppendDedup}
	s.Stream.Name = "users"
	change(&s)
	return &Catalog{Streams: []ConfiguredStream{s}}
}

var catalogTests = []struct {
	name, text string
	want       *Catalog
}{
	{"no streams at all", `{"streams":[]}`, &Catalog{Streams: []ConfiguredStream{}}},
	{"the platform's",
		`{"streams":[{"stream":{"name":"users","namespace":"public","json_schema":{"type":"object"},"supported_sync_modes":["incremental"],` +
			`"source_defined_cursor":true,"source_defined_primary_key":[["id"]]},"sync_mode":"incremental","cursor_field":["at"],` +
			`"destination_sync_mode":"append_dedup","primary_key":[["id"],["a","b"]],"generation_id":3,"minimum_generation_id":2,` +
			`"sync_id":9007199254740993,"destination_object_name":"contact","include_files":false}]}`,
		configured(func(s *ConfiguredStream) {
			s.Stream.Namespace = "public"
			s.Stream.JSONSchema = []byte(`{"type":"object"}`)
			s.Stream.SourceDefinedPrimaryKey = [][]string{{"id"}}
			s.PrimaryKey = [][]string{{"id"}, {"a", "b"}}
			s.GenerationID, s.MinimumGenerationID, s.SyncID = 3, 2, 9007199254740993
		})},
	{"only what is needed", `{"streams":[{"stream":{"name":"users"},"sync_mode":"incremental","destination_sync_mode":"append_dedup"}]}`,
		configured(func(*ConfiguredStream) {})},
	{"nulls", `{"streams":[{"stream":{"name":"users","namespace":null,"source_defined_primary_key":null},"sync_mode":"incremental",` +
		`"destination_sync_mode":"append_dedup","primary_key":null,"cursor_field":null,"generation_id":null,"minimum_generation_id":null,` +
		`"sync_id":null,"destination_object_name":null}]}`,
		configured(func(*ConfiguredStream) {})},
	{"an empty namespace", `{"streams":[{"stream":{"name":"users","namespace":""},"sync_mode":"incremental","destination_sync_mode":"append_dedup"}]}`,
		configured(func(*ConfiguredStream) {})},
	{"unknown keys and other spellings pass",
		`{"x":1,"Streams":5,"streams":[{"y":[],"Sync_Mode":"z","stream":{"NAME":"no","name":"users"},"sync_mode":"incremental","destination_sync_mode":"append_dedup"}]}`,
		configured(func(*ConfiguredStream) {})},
	{"escapes, and a lone surrogate as a record's name has it",
		`{"streams":[{"stream":{"n\u0061me":"us\u00e9rs\ud800"},"sync_mode":"incremental","destination_sync_mode":"append_dedup"}]}`,
		configured(func(s *ConfiguredStream) { s.Stream.Name = "usérs\uFFFD" })},
	{"a key that comes twice", `{"streams":[{"stream":{"name":"a","name":"users"},"sync_mode":"incremental","destination_sync_mode":"append_dedup"}]}`,
		configured(func(*ConfiguredStream) {})},
}

func TestParseCatalog(t *testing.T) {
	for _, tt := range catalogTests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseCatalog([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var catalogErrors = []struct{ name, text, want string }{
	{"empty", ``, "reading the catalog: the file is empty"},
	{"YAML", "streams:\n- stream:\n    name: users\n", "it is not JSON (YAML is not read)"},
	{"UTF-16 with a mark", "\xFF\xFE{\x00}\x00", "the file is UTF-16 text: save it as UTF-8"},
	{"UTF-16, big-endian", "\x00{\x00}", "the file is UTF-16 text"},
	{"a destination sync mode that is none", `{"streams":[{"stream":{"name":"a"},"destination_sync_mode":"potato"}]}`, `stream "a" has destination_sync_mode "potato": expected append, `},
	{"a misspelt destination sync mode", `{"streams":[{"stream":{"name":"a"},"destination_sync_mode":"append_dedupe"}]}`, `"append_dedupe": expected append, overwrite, append_dedup`},
	{"a discovered catalog", `{"streams":[{"name":"users","json_schema":{},"supported_sync_modes":["full_refresh"]}]}`, `stream "users" has no "stream": it is a discovered catalog`},
	{"an array of streams", `[{"stream":{"name":"a"}}]`, `it is an array: pass the configured catalog, an object with "streams"`},
	{"not JSON", `{"streams":[}`, "reading the catalog: "},
	{"two values", `{"streams":[]} {}`, "reading the catalog: "},
	{"an array", `[]`, "reading the catalog: "},
	{"null", `null`, `it has no "streams"`},
	{"no streams", `{}`, `it has no "streams": pass a configured catalog, not the output of discover`},
	{"streams null", `{"streams":null}`, `it has no "streams"`},
	{"the output of discover", `{"type":"CATALOG","catalog":{"streams":[]}}`, `not the output of discover`},
	{"streams an object", `{"streams":{}}`, "/streams"},
	{"a stream of no name", `{"streams":[{"stream":{"name":"a"}},{"stream":{"name":null}}]}`, "stream 1 has no name"},
	{"a stream that is not configured", `{"streams":[{"name":"users","json_schema":{}}]}`, "it is a discovered catalog"},
	{"a stream that is null", `{"streams":[null]}`, "stream 0 has no name"},
	{"a name that is no string", `{"streams":[{"stream":{"name":5}}]}`, "/streams/0/stream/name"},
	{"a key that is no list of paths", `{"streams":[{"stream":{"name":"a"},"primary_key":["id"]}]}`, "/streams/0/primary_key/0"},
	{"an empty path in a key", `{"streams":[{"stream":{"name":"a"},"primary_key":[["id"],[]]}]}`, `stream "a" has a primary key with an empty path`},
	{"a path that is null", `{"streams":[{"stream":{"name":"a","source_defined_primary_key":[null]}}]}`, `stream "a" has a primary key with an empty path`},
	{"a generation that is no integer", `{"streams":[{"stream":{"name":"a"},"generation_id":"3"}]}`, "/streams/0/generation_id"},
}

func TestParseCatalogErrors(t *testing.T) {
	for _, tt := range catalogErrors {
		t.Run(tt.name, func(t *testing.T) {
			c, err := ParseCatalog([]byte(tt.text))
			if err == nil {
				t.Fatalf("no error: %+v", c)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q, want one line with %q", err, tt.want)
			}
		})
	}
}

func TestParseCatalogIgnoresAByteOrderMark(t *testing.T) {
	c, err := ParseCatalog([]byte("\uFEFF" + `{"streams":[{"stream":{"name":"users"}}]}`))
	if err != nil || len(c.Streams) != 1 || c.Streams[0].Stream.Name != "users" {
		t.Errorf("catalog %+v, error %v", c, err)
	}
}

func TestKey(t *testing.T) {
	id, email := [][]string{{"id"}}, [][]string{{"email"}, {"a", "b"}}
	tests := []struct {
		name                     string
		configured, source, want [][]string
	}{
		{"none", nil, nil, nil},
		{"the user's", id, nil, id},
		{"the source's", nil, email, email},
		{"the user's before the source's", id, email, id},
		{"an empty one is none", [][]string{}, email, email},
	}
	for _, tt := range tests {
		s := ConfiguredStream{PrimaryKey: tt.configured}
		s.Stream.SourceDefinedPrimaryKey = tt.source
		if diff := cmp.Diff(tt.want, s.Key()); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestReplaces(t *testing.T) {
	tests := []struct {
		name                string
		sync                string
		mode                SyncMode
		generation, minimum int64
		syncID              int64
		want                bool
	}{
		{"append", FullRefresh, Append, 0, 0, 0, false},
		{"append, generations kept", FullRefresh, Append, 5, 0, 0, false},
		{"append, some generations kept", FullRefresh, Append, 5, 4, 0, false},
		{"append, none kept: an overwrite with refreshes", FullRefresh, Append, 5, 5, 0, true},
		{"the first generation", FullRefresh, Append, 1, 1, 0, true},
		{"append_dedup", FullRefresh, AppendDedup, 5, 0, 0, false},
		{"append_dedup, none kept", FullRefresh, AppendDedup, 5, 5, 0, true},
		{"overwrite without refreshes", FullRefresh, Overwrite, 0, 0, 0, true},
		{"overwrite", FullRefresh, Overwrite, 5, 0, 0, true},
		{"overwrite_dedup", FullRefresh, OverwriteDedup, 0, 0, 0, true},
		{"incremental, of a driver that numbers every sync alike", "incremental", Append, 1, 1, 1, false},
		{"the first refresh of an incremental stream", "incremental", Append, 1, 1, 9, true},
		{"a refresh of an incremental stream", "incremental", AppendDedup, 5, 5, 0, true},
		{"incremental, some generations kept", "incremental", Append, 5, 4, 9, false},
		{"incremental overwrite", "incremental", Overwrite, 0, 0, 0, true},
		{"incremental overwrite_dedup", "incremental", OverwriteDedup, 1, 1, 1, true},
	}
	for _, tt := range tests {
		s := ConfiguredStream{SyncMode: tt.sync, DestinationSyncMode: tt.mode, GenerationID: tt.generation, MinimumGenerationID: tt.minimum, SyncID: tt.syncID}
		if got := s.Replaces(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Whatever the bytes are, there is a catalog whose streams have names, or an error; and both
// parsers agree on JSON.
func FuzzCatalog(f *testing.F) {
	for _, tt := range catalogTests {
		f.Add([]byte(tt.text))
	}
	for _, tt := range catalogErrors {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseCatalog(text)
		if err != nil {
			if c != nil {
				t.Fatalf("%q: a catalog with the error %v", text, err)
			}
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q is accepted", text)
		}
		for _, s := range c.Streams {
			if s.Stream.Name == "" {
				t.Fatalf("%q: a stream has no name", text)
			}
			NewLookup(s.Key()...) // panics on a path that leads nowhere
		}
	})
}
