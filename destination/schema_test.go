package destination

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"destination-webhook/batching"
	"destination-webhook/protocol"
	"destination-webhook/sample"
)

// contractOf prints the schema for a config and a catalog and reads it back.
func contractOf(t *testing.T, config, catalog string, openAPI bool) map[string]any {
	t.Helper()
	dir, out := t.TempDir(), bytes.Buffer{}
	files := map[string]string{"config.json": config, "catalog.json": catalog}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &Program{Spec: readSpec(t), Version: "1.2.3", Stdout: &out, Getenv: func(string) string { return "" }}
	if err := p.Schema(filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json"), openAPI); err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(out.Bytes(), &document); err != nil {
		t.Fatalf("%v in %s", err, out.Bytes())
	}
	return document
}

// compiled is the schema, held against its own draft.
func compiled(t *testing.T, document any) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	if err := c.AddResource("contract.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("contract.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bodiesOf are the envelopes that a sync of the records would send, as they are built for sending.
func bodiesOf(t *testing.T, config, catalog string, records []byte) [][]byte {
	t.Helper()
	c, err := ParseConfig(readSpec(t), []byte(config))
	if err != nil {
		t.Fatal(err)
	}
	cat, err := protocol.ParseCatalog([]byte(catalog))
	if err != nil {
		t.Fatal(err)
	}
	rs, err := newRoutes(c, cat, "test")
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	p := batching.New(t.Context(), batching.Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 1 << 30, MaxInFlight: 1}, func(_ context.Context, b *batching.Batch) batching.Outcome {
		bodies = append(bodies, bytes.Clone(b.Body))
		return batching.Outcome{}
	}, func(*protocol.State, int64, int64) {})
	r := &run{config: c, routes: rs, pipeline: p, recent: -1}
	for i, route := range rs.all {
		var metadata *protocol.ConfiguredStream
		if c.IncludeMetadata {
			metadata = &cat.Streams[i]
		}
		r.encoders = append(r.encoders, newEncoder(route, c.IncludeMetadata, false, seed))
		r.streams = append(r.streams, p.Stream(frame(route, metadata), len(route.key) > 0))
	}
	r.decoder.Reset(records)
	for r.decoder.Next(&r.message) == nil {
		if r.message.Type != protocol.TypeRecord {
			continue
		}
		if err := r.record(&r.message.Record); err != nil {
			t.Fatal(err)
		}
		for p.Full() {
			p.Settle(<-p.Results())
		}
	}
	p.Flush()
	for !p.Idle() {
		p.Settle(<-p.Results())
	}
	p.Close()
	return bodies
}

func TestBodiesFitTheSchema(t *testing.T) {
	for name, config := range map[string]string{
		"default":   `{"url":"https://example.com/hook"}`,
		"metadata":  `{"url":"https://example.com/hook","include_metadata":true}`,
		"insert":    `{"url":"https://example.com/hook","sync_mode":"insert"}`,
		"remove":    `{"url":"https://example.com/hook","streams":[{"stream":"customers","sync_mode":"remove"}]}`,
		"composite": `{"url":"https://example.com/hook","streams":[{"stream":"orders","sync_mode":"upsert","primary_key":[["order"],["customer"]]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			contract := compiled(t, contractOf(t, config, string(sample.Catalog), false))
			bodies := bodiesOf(t, config, string(sample.Catalog), sample.Records)
			if len(bodies) == 0 {
				t.Fatal("no bodies")
			}
			for _, body := range bodies {
				value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if err := contract.Validate(value); err != nil {
					t.Fatalf("%v\n%.300s", err, body)
				}
			}
		})
	}
}

func TestSchemaRefusesWhatIsNeverSent(t *testing.T) {
	contract := compiled(t, contractOf(t, `{"url":"https://example.com/hook"}`, string(sample.Catalog), false))
	for _, body := range []string{
		`{}`,
		`{"sync_mode":"mirror","rows":[]}`,
		`{"sync_mode":"insert","rows":[{"data":{}}]}`,
		`{"sync_mode":"insert","rows":[{"data":{"order":"x"},"operation":"added"}]}`,
		`{"sync_mode":"upsert","rows":[{"data":{}}]}`,
		`{"sync_mode":"upsert","rows":[{"data":{},"primary_key":"1","operation":"added"}]}`,
		`{"sync_mode":"upsert","rows":[{"data":{},"primary_key":1}]}`,
		`{"sync_mode":"insert","rows":[],"stream":"orders"}`,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if contract.Validate(value) == nil {
			t.Errorf("%s fits", body)
		}
	}
}

// Every reference of the OpenAPI document leads somewhere, and its schemas are those of the bodies.
func TestOpenAPI(t *testing.T) {
	document := contractOf(t, `{"url":"https://example.com/hook","method":"PUT","signing":{"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}`, string(sample.Catalog), true)
	if document["openapi"] != "3.1.0" {
		t.Errorf("openapi is %v", document["openapi"])
	}
	schemas := document["components"].(map[string]any)["schemas"].(map[string]any)
	webhooks := document["webhooks"].(map[string]any)
	for _, stream := range []string{"shop.customers", "shop.orders"} {
		put, ok := webhooks[stream].(map[string]any)["put"].(map[string]any)
		if !ok {
			t.Fatalf("no PUT for %s", stream)
		}
		content := put["requestBody"].(map[string]any)["content"].(map[string]any)["application/json"].(map[string]any)
		ref := content["schema"].(map[string]any)["$ref"].(string)
		envelope, ok := schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		if !ok {
			t.Fatalf("%s leads nowhere", ref)
		}
		compiled(t, envelope)
		signature := put["parameters"].([]any)[2].(map[string]any)
		if signature["name"] != "Webhook-Signature" || signature["required"] != true {
			t.Errorf("the signature is not required: %v", signature)
		}
	}
}
