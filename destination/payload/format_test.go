package payload

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// batchesOf makes batches of records, with bodies of at most this many bytes.
func batchesOf(t *testing.T, r *route.Route, o Options, maxBytes int, records ...protocol.Record) (batches []*batching.Batch) {
	t.Helper()
	p := batching.New(context.Background(), batching.Options{MaxRows: 100, MaxBytes: maxBytes, MaxBuffered: 1 << 30, MaxAge: time.Hour, MaxInFlight: 1},
		func(_ context.Context, b *batching.Batch) batching.Outcome {
			batches = append(batches, b)
			return batching.Outcome{Err: fmt.Errorf("so that the batch is not used again")}
		}, nil)
	stream := p.Stream(Frame(r, o.Metadata), len(r.Key) > 0)
	e := NewEncoder(r, o)
	for i := range records {
		row, err := e.Encode(&records[i])
		if err != nil {
			t.Fatal(err)
		}
		if row != nil {
			p.Add(stream, row, time.Time{})
		}
	}
	p.Flush()
	p.Settle(<-p.Results())
	p.Close()
	return batches
}

// Each format is stable to the byte, and in each of them a row is read as it was written.
func TestFormats(t *testing.T) {
	users := protocol.StreamDescriptor{Namespace: "public", Name: `u"s`}
	data := []string{"{ \"id\":1.0,\r\"s\":\"\\u0041&=\"}", `{"id":"b","nested":{"a":[1, null]},"n":null,"_ab_cdc_deleted_at":1}`}
	full := []string{`{"data":` + data[0] + `,"primary_key":"1.0"}`, `{"data":` + data[1] + `,"operation":"removed","primary_key":"b"}`}
	line := func(s string) string { return strings.ReplaceAll(s, "\r", " ") }
	for name, test := range map[string]struct {
		payload config.Payload
		want    string
	}{
		"envelope":     {config.Payload{}, `{"sync_mode":"upsert","rows":[` + full[0] + `,` + full[1] + `]}`},
		"array":        {config.Payload{Format: config.Array}, `[` + data[0] + `,` + data[1] + `]`},
		"array, full":  {config.Payload{Format: config.Array, Row: config.RowFull}, `[` + full[0] + `,` + full[1] + `]`},
		"ndjson":       {config.Payload{Format: config.NDJSON}, line(data[0]) + "\n" + data[1] + "\n"},
		"ndjson, full": {config.Payload{Format: config.NDJSON, Row: config.RowFull}, line(full[0]) + "\n" + full[1] + "\n"},
		"wrapped": {config.Payload{Format: config.Wrapped, Wrapper: "{ \"a\" : \"$rows\",\n\"$rows\":[\"$stream\",\"$namespace\",\"$sync_mode\",\"x$rows\",1.00]}"},
			"{ \"a\" : [" + data[0] + `,` + data[1] + "],\n\"$rows\":[\"u\\\"s\",\"public\",\"upsert\",\"x$rows\",1.00]}"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &route.Route{Stream: users, Mode: config.Upsert, Key: [][]string{{"id"}}, Payload: test.payload}
			records := recordsOf(data...)
			b := batchesOf(t, r, Options{DeadLetters: true}, len(test.want), records...)[0]
			if diff := cmp.Diff(test.want, string(b.Body)); diff != "" {
				t.Fatalf("body (-want +got):\n%s", diff)
			}
			if b := batchesOf(t, r, Options{}, len(test.want)-1, records...)[0]; b.Rows() != 1 {
				t.Error("a body has more than max_bytes")
			}
			wantKeys, wantOperations := []string{`"1.0"`, `"b"`}, []Operation{Upserted, Removed}
			for i := range b.Rows() {
				row := ReadRow(b, i)
				want := Row{Data: []byte(data[i]), PrimaryKey: []byte(wantKeys[i]), Operation: wantOperations[i]}
				if test.payload.Format == config.NDJSON {
					want.Data = []byte(line(data[i]))
				}
				if diff := cmp.Diff(want, row); diff != "" {
					t.Errorf("row %d (-want +got):\n%s", i, diff)
				}
				if m := ReadMetadata(b.Metadata(i)); !m.IsRecord || string(m.EmittedAt) != "1700000000000" {
					t.Errorf("metadata of row %d: %+v", i, m)
				}
			}
		})
	}
}

// In a format of one row each request is a row of its own.
func TestFormatsOfOneRow(t *testing.T) {
	data := `{"id":1.0,"s":"A&=é\u00e9","nested":{"a":[1, null]},"n":null,"b":false,"s":""}`
	for name, test := range map[string]struct {
		payload config.Payload
		want    string
	}{
		"single":       {config.Payload{Format: config.Single}, data},
		"single, full": {config.Payload{Format: config.Single, Row: config.RowFull}, `{"data":` + data + `,"primary_key":"1.0"}`},
		"form":         {config.Payload{Format: config.Form}, `id=1.0&s=A%26%3D%C3%A9%C3%A9&nested=%7B%22a%22%3A%5B1%2C+null%5D%7D&n=&b=false&s=`},
		"form, full": {config.Payload{Format: config.Form, Row: config.RowFull}, `data=%7B%22id%22%3A1.0%2C%22s%22%3A%22A%26%3D%C3%A9%5Cu00e9%22%2C%22nested%22%3A%7B%22a%22%3A%5B1%2C+null%5D%7D%2C` +
			`%22n%22%3Anull%2C%22b%22%3Afalse%2C%22s%22%3A%22%22%7D&primary_key=1.0`},
	} {
		r := &route.Route{Mode: config.Upsert, Key: [][]string{{"id"}}, Payload: test.payload}
		b := batchesOf(t, r, Options{}, 1<<20, recordsOf(data)...)[0]
		if diff := cmp.Diff(test.want, string(b.Body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(Row{Data: []byte(data), PrimaryKey: []byte(`"1.0"`)}, ReadRow(b, 0), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("row of %s (-want +got):\n%s", name, diff)
		}
	}
}

// A body that shows its id is named as if it had zeros there, so that an id can be computed again.
func TestWrapperShowsTheWebhookID(t *testing.T) {
	r := &route.Route{Mode: config.Insert, Payload: config.Payload{Format: config.Wrapped, Wrapper: `["$webhook_id","$rows",{"id":"$webhook_id"}]`}}
	n := NewNames(r, "sync", &Occurrences{})
	b := batchesOf(t, r, Options{}, 1<<20, recordsOf(`{"a":1}`, `{"a":2}`)...)[0]
	replaced := []byte("version")
	first := n.WebhookID("POST", "https://example.com", b.Body, replaced, nil, 0)
	if want := `["` + first + `",[{"a":1},{"a":2}],{"id":"` + first + `"}]`; want != string(b.Body) {
		t.Errorf("body %s, want %s", b.Body, want)
	}
	if again := n.WebhookID("POST", "https://example.com", b.Body, replaced, nil, 0); again != first {
		t.Errorf("the body that shows %s is named %s", first, again)
	}
	other := batchesOf(t, r, Options{}, 1<<20, recordsOf(`{"a":1}`, `{"a":3}`)...)[0]
	if n.WebhookID("POST", "https://example.com", other.Body, replaced, nil, 0) == first {
		t.Error("two bodies have one name")
	}
	if got := string(EmptyBody(r.Payload, config.Insert)); got != `["`+noID+`",[],{"id":"`+noID+`"}]` {
		t.Errorf("the body of a check is %s", got)
	}
}
