package payload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"destination-webhook/bench/shape"
	"destination-webhook/destination/config"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// envelopeOf is the body that records of one stream make.
func envelopeOf(t *testing.T, r *route.Route, metadata bool, records ...protocol.Record) string {
	t.Helper()
	e, f := NewEncoder(r, Options{Metadata: metadata}), Frame(r, metadata)
	var rows []string
	for i := range records {
		row, err := e.Encode(&records[i])
		if err != nil {
			t.Fatal(err)
		}
		if row != nil {
			rows = append(rows, string(row.Open)+string(row.Data)+string(row.Close))
		}
	}
	return f.Prefix + strings.Join(rows, f.Separator) + f.Suffix
}

func recordsOf(data ...string) []protocol.Record {
	var records []protocol.Record
	for _, d := range data {
		records = append(records, protocol.Record{Data: []byte(d), EmittedAt: []byte("1700000000000")})
	}
	return records
}

// The envelope is stable to the byte: receivers may compare and sign it.
func TestEnvelope(t *testing.T) {
	id := [][]string{{"id"}}
	tests := map[string]struct {
		route route.Route
		data  []string
		want  string
	}{
		"without a key": {route.Route{Mode: config.Insert}, []string{`{"email":"user@example.com","score":85}`, `{}`},
			`{"sync_mode":"insert","rows":[{"data":{"email":"user@example.com","score":85},"operation":"added"},{"data":{},"operation":"added"}]}`},
		"data as it came": {route.Route{Mode: config.Insert}, []string{`{ "n":1.0, "n":1E39,"s":"\u0041\ud800" }`},
			`{"sync_mode":"insert","rows":[{"data":{ "n":1.0, "n":1E39,"s":"\u0041\ud800" },"operation":"added"}]}`},
		"insert with a key": {route.Route{Mode: config.Insert, Key: id}, []string{`{"id":1}`},
			`{"sync_mode":"insert","rows":[{"data":{"id":1},"operation":"added","primary_key":"1"}]}`},
		"insert of rows that lack theirs": {route.Route{Mode: config.Insert, Key: id}, []string{`{"id":null}`, `{"ID":1}`},
			`{"sync_mode":"insert","rows":[{"data":{"id":null},"operation":"added"},{"data":{"ID":1},"operation":"added"}]}`},
		"insert takes no notice of deletions": {route.Route{Mode: config.Insert, Key: id}, []string{`{"id":1,"_ab_cdc_deleted_at":"2024-01-01"}`},
			`{"sync_mode":"insert","rows":[{"data":{"id":1,"_ab_cdc_deleted_at":"2024-01-01"},"operation":"added","primary_key":"1"}]}`},
		"upsert": {route.Route{Mode: config.Upsert, Key: id}, []string{`{"id":"user-123"}`},
			`{"sync_mode":"upsert","rows":[{"data":{"id":"user-123"},"primary_key":"user-123"}]}`},
		"upsert of a deleted row": {route.Route{Mode: config.Upsert, Key: id}, []string{`{"id":1,"_ab_cdc_deleted_at":1}`, `{"id":2,"_ab_cdc_deleted_at":null}`},
			`{"sync_mode":"upsert","rows":[{"data":{"id":1,"_ab_cdc_deleted_at":1},"operation":"removed","primary_key":"1"},{"data":{"id":2,"_ab_cdc_deleted_at":null},"primary_key":"2"}]}`},
		"remove sends deleted rows alone": {route.Route{Mode: config.Remove, Key: id}, []string{`{"id":1}`, `{"id":2,"_ab_cdc_deleted_at":false}`},
			`{"sync_mode":"remove","rows":[{"data":{"id":2,"_ab_cdc_deleted_at":false},"operation":"removed","primary_key":"2"}]}`},
		"no rows": {route.Route{Mode: config.Mirror}, nil, `{"sync_mode":"mirror","rows":[]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := envelopeOf(t, &test.route, false, recordsOf(test.data...)...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("envelope (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnvelopeWithMetadata(t *testing.T) {
	stream := &protocol.ConfiguredStream{SyncID: 42, GenerationID: 3}
	changed := protocol.Record{Data: []byte(`{"id":1}`), EmittedAt: []byte("1.7E12"), Changes: []byte(`[{"field":"x","change":"NULLED"}]`)}
	plain := protocol.Record{Data: []byte(`{"id":2}`)}
	tests := map[string]struct{ namespace, want string }{
		"with a namespace": {"über \"x\"", `{"sync_mode":"insert","stream":"users","namespace":"über \"x\"","sync_id":42,"generation_id":3,"rows":[` +
			`{"data":{"id":1},"operation":"added","emitted_at":1.7E12,"changes":[{"field":"x","change":"NULLED"}]},{"data":{"id":2},"operation":"added"}]}`},
		"without one": {"", `{"sync_mode":"insert","stream":"users","sync_id":42,"generation_id":3,"rows":[` +
			`{"data":{"id":1},"operation":"added","emitted_at":1.7E12,"changes":[{"field":"x","change":"NULLED"}]},{"data":{"id":2},"operation":"added"}]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := envelopeOf(t, &route.Route{Stream: protocol.StreamDescriptor{Name: "users", Namespace: test.namespace}, Mode: config.Insert, Configured: stream}, true, changed, plain)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("envelope (-want +got):\n%s", diff)
			}
		})
	}
}

// A key has one form, however its record was written.
func TestPrimaryKey(t *testing.T) {
	tests := map[string]struct {
		key  [][]string
		data string
		want string // the member's value
	}{
		"text":                  {[][]string{{"id"}}, `{"id":"a"}`, `"a"`},
		"empty text":            {[][]string{{"id"}}, `{"id":""}`, `""`},
		"text with escapes":     {[][]string{{"id"}}, `{"id":"\u0061\/\n\u00e9\""}`, `"a/\né\""`},
		"lone surrogate":        {[][]string{{"id"}}, `{"id":"\ud800"}`, `"\ud800"`},
		"number by its digits":  {[][]string{{"id"}}, `{"id":9007199254740993}`, `"9007199254740993"`},
		"number with fraction":  {[][]string{{"id"}}, `{"id":1.50}`, `"1.50"`},
		"long number":           {[][]string{{"id"}}, `{"id":12345678901234567890123456789012}`, `"12345678901234567890123456789012"`},
		"boolean":               {[][]string{{"id"}}, `{"id":false}`, `"false"`},
		"object":                {[][]string{{"id"}}, `{"id":{"a":"b"}}`, `"{\"a\":\"b\"}"`},
		"list":                  {[][]string{{"id"}}, `{"id":[1, "x"]}`, `"[1, \"x\"]"`},
		"nested":                {[][]string{{"user", "id"}}, `{"id":1,"user":{"id":2}}`, `"2"`},
		"escaped field":         {[][]string{{"id"}}, `{"\u0069d":3}`, `"3"`},
		"composite in order":    {[][]string{{"b"}, {"a"}}, `{"a":1,"b":"x,y"}`, `["x,y","1"]`},
		"composite of one kind": {[][]string{{"a"}, {"b", "c"}}, `{"a":"1","b":{"c":true}}`, `["1","true"]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := NewEncoder(&route.Route{Mode: config.Upsert, Key: test.key}, Options{})
			row, err := e.Encode(&recordsOf(test.data)[0])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(`,"primary_key":`+test.want+`}`, string(row.Close)); diff != "" {
				t.Errorf("row after its data (-want +got):\n%s", diff)
			}
			if row.Key == 0 {
				t.Error("the row has a key and no hash of it")
			}
		})
	}
}

// Rows of one key stay in order, so one key has one hash, and two have two.
func TestKeyHash(t *testing.T) {
	e := NewEncoder(&route.Route{Mode: config.Upsert, Key: [][]string{{"id"}}}, Options{})
	hash := func(data string) uint64 {
		row, err := e.Encode(&recordsOf(data)[0])
		if err != nil {
			t.Fatal(err)
		}
		return row.Key
	}
	if hash(`{"id":"é","v":1}`) != hash(`{"v":2,"id":"\u00e9"}`) {
		t.Error("one key in two spellings has two hashes")
	}
	for _, number := range []string{`1.0`, `1e0`, `10e-1`} {
		if hash(`{"id":1}`) != hash(`{"id":`+number+`}`) {
			t.Errorf("1 and %s have two hashes", number)
		}
	}
	if hash(`{"id":0}`) != hash(`{"id":-0}`) || hash(`{"id":[1,{"a":2}]}`) != hash(`{"id":[1.0,{"a":2.0}]}`) {
		t.Error("equal keys have two hashes")
	}
	if hash(`{"id":"1"}`) == hash(`{"id":"1.0"}`) {
		t.Error("two texts have one hash")
	}
	if hash(`{"id":"a"}`) == hash(`{"id":"b"}`) {
		t.Error("two keys have one hash")
	}
	plain := NewEncoder(&route.Route{Mode: config.Insert}, Options{})
	if row, _ := plain.Encode(&recordsOf(`{"id":"a"}`)[0]); row.Key != 0 {
		t.Error("a row without a key has a hash of one")
	}
}

func TestMissingKeyIsAnError(t *testing.T) {
	for _, mode := range []config.SyncMode{config.Upsert, config.Remove} {
		for _, data := range []string{`{}`, `{"a":1}`, `{"a":1,"user":null}`, `{"a":1,"user":{"id":null}}`, `{"a":1,"user":7}`, `{"user":{"id":1}}`} {
			r := &route.Route{Stream: protocol.StreamDescriptor{Name: "users", Namespace: "public"}, Mode: mode, Key: [][]string{{"a"}, {"user", "id"}}}
			_, err := NewEncoder(r, Options{}).Encode(&recordsOf(data)[0])
			if kind, _ := failure.TypeOf(err); kind != protocol.ConfigError || !strings.HasPrefix(err.Error(), "stream public.users: a record has no value for ") {
				t.Errorf("%s of %s: %v, of type %q, want a missing key", mode, data, err, kind)
			}
		}
	}
}

// If rows may become dead letters, a record without its key is settled in its place, and not
// sent.
func TestMissingKeyIsSilentWithDeadLetters(t *testing.T) {
	e := NewEncoder(&route.Route{Mode: config.Upsert, Key: [][]string{{"id"}}}, Options{DeadLetters: true})
	record := protocol.Record{Data: []byte(`{"v":1}`), EmittedAt: []byte("17"), Changes: []byte(`[]`)}
	row, err := e.Encode(&record)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{row.Suppressed, row.Key, string(row.Close)}
	if diff := cmp.Diff([]any{true, uint64(0), "}"}, got); diff != "" {
		t.Errorf("suppressed, key, close (-want +got):\n%s", diff)
	}
	want := Metadata{IsRecord: true, EmittedAt: []byte("17"), Changes: []byte("[]"), Reason: "it has no value for its primary key"}
	if diff := cmp.Diff(want, ReadMetadata(row.Metadata), cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Metadata{})); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if row, err = e.Encode(&recordsOf(`{"id":1}`)[0]); err != nil || row.Suppressed {
		t.Errorf("the row after it is suppressed: %v, error %v", row.Suppressed, err)
	}
}

func TestEncodeDoesNotAllocate(t *testing.T) {
	e := NewEncoder(&route.Route{Mode: config.Upsert, Key: [][]string{{"tenant"}, {"id"}}}, Options{})
	record := recordsOf(`{"tenant":"acme","id":123456,"name":"Jane Doe"}`)[0]
	if n := testing.AllocsPerRun(100, func() { _, _ = e.Encode(&record) }); n > 0 {
		t.Errorf("%v allocations a row", n)
	}
}

// BenchmarkEncode is what is done to a record between the decoder and its batch.
func BenchmarkEncode(b *testing.B) {
	for name, key := range map[string][][]string{"plain": nil, "keyed": {{"id"}}} {
		b.Run(name, func(b *testing.B) {
			mode := config.Insert
			if key != nil {
				mode = config.Upsert
			}
			e := NewEncoder(&route.Route{Mode: mode, Key: key}, Options{})
			record := protocol.Record{Data: shape.Typical.AppendData(nil, 1)}
			record.Fields = e.Lookup().Find(record.Data, nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Encode(&record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// differ is a Differ that finds one change for every record.
type differ struct{ change Change }

func (differ) See(Key) error { return nil }

func (d differ) Diff(key Key, _ Content, _ bool, version []byte) (Change, error) {
	c := d.change
	c.Key = key.Sent
	c.Version = append(append([]byte{}, version...), "version"...)
	return c, nil
}

// What is kept of a row is read as it was written: with a snapshot, with dead letters, with both
// and with neither.
func TestMetadataIsReadAsItWasWritten(t *testing.T) {
	r := &route.Route{Mode: config.Mirror, Key: [][]string{{"id"}}}
	record := protocol.Record{Data: []byte(`{"id":1}`), EmittedAt: []byte("17"), Changes: []byte(`[]`)}
	compared := differ{Change{Operation: Added}}
	for name, test := range map[string]struct {
		options Options
		want    Metadata
	}{
		"neither":      {Options{}, Metadata{}},
		"dead letters": {Options{DeadLetters: true}, Metadata{IsRecord: true, EmittedAt: record.EmittedAt, Changes: record.Changes}},
		"a snapshot":   {Options{Differ: compared}, Metadata{Version: []byte("version")}},
		"both":         {Options{Differ: compared, DeadLetters: true}, Metadata{Version: []byte("version"), IsRecord: true, EmittedAt: record.EmittedAt, Changes: record.Changes}},
	} {
		row, err := NewEncoder(r, test.options).Encode(&record)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, ReadMetadata(row.Metadata), cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Metadata{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRemovalIsReadAsItWasWritten(t *testing.T) {
	e := NewEncoder(&route.Route{Mode: config.Mirror, Key: [][]string{{"id"}}}, Options{DeadLetters: true})
	version := func(dst []byte) []byte { return append(dst, "gone"...) }
	row := e.Removal([]byte(`"1"`), nil, true, version)
	got := readRow(append(append(append([]byte{}, row.Open...), row.Data...), row.Close...))
	if diff := cmp.Diff(Row{Data: []byte("{}"), PrimaryKey: []byte(`"1"`), Operation: Removed}, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Metadata{Version: []byte("gone")}, ReadMetadata(row.Metadata), cmpopts.IgnoreUnexported(Metadata{})); diff != "" || !row.Suppressed {
		t.Errorf("metadata (-want +got):\n%s, suppressed %v", diff, row.Suppressed)
	}
}
