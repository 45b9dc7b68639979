package destination

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/report"
	"destination-webhook/destination/route"
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
	p := &Program{Spec: configtest.Spec(t), Version: "1.2.3", Stdout: &out, Getenv: func(string) string { return "" }}
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
func bodiesOf(t *testing.T, settings, catalog string, records []byte) [][]byte {
	t.Helper()
	c, err := config.Parse(configtest.Spec(t), []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	cat, err := protocol.ParseCatalog([]byte(catalog))
	if err != nil {
		t.Fatal(err)
	}
	table, err := route.NewTable(c, cat, "test")
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	var streams []*engine.Stream
	for _, r := range table {
		streams = append(streams, &engine.Stream{Route: r, Send: func(_ context.Context, b *batching.Batch) batching.Outcome {
			bodies = append(bodies, bytes.Clone(b.Body))
			return batching.Outcome{}
		}})
	}
	progress := report.NewProgress(slog.New(slog.DiscardHandler), nil)
	defer progress.Stop()
	options := engineOptions(c, progress)
	options.Batching.MaxInFlight = 1
	if err := engine.New(t.Context(), streams, options, protocol.NewWriter(io.Discard)).Run(t.Context(), bytes.NewReader(records), func() {}); err != nil {
		t.Fatal(err)
	}
	return bodies
}

func TestBodiesFitTheSchema(t *testing.T) {
	for name, config := range map[string]string{
		"default":       `{"url":"https://example.com/hook"}`,
		"metadata":      `{"url":"https://example.com/hook","include_metadata":true}`,
		"insert":        `{"url":"https://example.com/hook","sync_mode":"insert"}`,
		"remove":        `{"url":"https://example.com/hook","streams":[{"stream":"customers","sync_mode":"remove"}]}`,
		"composite":     `{"url":"https://example.com/hook","streams":[{"stream":"orders","sync_mode":"upsert","primary_key":[["order"],["customer"]]}]}`,
		"array":         `{"url":"https://example.com/hook","payload":{"format":"array"}}`,
		"array, full":   `{"url":"https://example.com/hook","payload":{"format":"array","row":"full"}}`,
		"ndjson":        `{"url":"https://example.com/hook","payload":{"format":"ndjson","row":"full"}}`,
		"single":        `{"url":"https://example.com/hook","payload":{"format":"single"}}`,
		"wrapped":       `{"url":"https://example.com/hook","payload":{"format":"wrapped","wrapper":"{\"a~/b\":[1.5,null,\"$rows\"],\"of\":\"$stream\",\"id\":\"$webhook_id\"}"}}`,
		"transformed":   `{"url":"https://example.com/hook","payload":{"format":"envelope","transform":"[.]"}}`,
		"part of a key": `{"url":"https://example.com/hook","on_missing_key":"send","streams":[{"stream":"orders","sync_mode":"upsert","primary_key":[["order"],["coupon"]]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			contract := compiled(t, contractOf(t, config, string(sample.Catalog), false))
			bodies := bodiesOf(t, config, string(sample.Catalog), sample.Records)
			if len(bodies) == 0 {
				t.Fatal("no bodies")
			}
			if strings.Contains(config, "ndjson") { // the schema is that of a line
				bodies = bytes.Split(bytes.TrimSuffix(bytes.Join(bodies, nil), []byte("\n")), []byte("\n"))
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
		`{"sync_mode":"upsert","rows":[]}`,
		`{"sync_mode":"insert","rows":[{"data":{},"operation":"added","emitted_at":1}]}`,
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

// The body of a connection check fits, whatever the streams and the options.
func TestCheckFitsTheSchema(t *testing.T) {
	upsert := strings.ReplaceAll(string(sample.Catalog), `"destination_sync_mode": "append"`, `"destination_sync_mode": "append_dedup"`)
	for name, settings := range map[string]string{
		"upserts only": `{"url":"https://example.com/hook"}`,
		"metadata":     `{"url":"https://example.com/hook","include_metadata":true}`,
		"array":        `{"url":"https://example.com/hook","payload":{"format":"array"}}`,
		"wrapped":      `{"url":"https://example.com/hook","payload":{"format":"wrapped","wrapper":"{\"rows\":\"$rows\",\"id\":\"$webhook_id\",\"of\":\"$stream\"}"}}`,
		"mirror":       `{"url":"https://example.com/hook","sync_mode":"mirror","snapshot":{"type":"local","path":"/nowhere"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse(configtest.Spec(t), []byte(settings))
			if err != nil {
				t.Fatal(err)
			}
			body := string(payload.EmptyBody(c.Payload, c.CheckMode()))
			document := contractOf(t, settings, upsert, false)
			if err := validate(t, compiled(t, document), body); err != nil {
				t.Error(err)
			}
			webhook, ok := contractOf(t, settings, upsert, true)["webhooks"].(map[string]any)["connection_check"].(map[string]any)
			if !ok {
				t.Fatal("the check has no webhook")
			}
			for _, parameter := range webhook["post"].(map[string]any)["parameters"].([]any) {
				if parameter.(map[string]any)["name"] == "Airbyte-Stream" {
					t.Error("the check is to have a stream")
				}
			}
		})
	}
	without := contractOf(t, `{"url":"https://example.com/hook","connection_check":"head"}`, upsert, true)
	if without["webhooks"].(map[string]any)["connection_check"] != nil {
		t.Error("a check without a body has a webhook")
	}
	document := contractOf(t, `{"url":"https://example.com/hook","connection_check":"head"}`, upsert, false)
	if validate(t, compiled(t, document), `{"sync_mode":"insert","rows":[]}`) == nil {
		t.Error("a check without a body has a schema")
	}
}

func validate(t *testing.T, s *jsonschema.Schema, body string) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// What a sync with a snapshot sends fits.
func TestDifferencesFitTheSchema(t *testing.T) {
	const snapshot = `,"snapshot":{"type":"local","path":"/nowhere"}}`
	r := newRig(t)
	r.catalog = string(sample.Catalog)
	bodies, err := r.sync("", strings.Split(strings.TrimSpace(string(sample.Records)), "\n")...)
	if err != nil || len(bodies) < 2 {
		t.Fatalf("%d bodies, %v", len(bodies), err)
	}
	contract := compiled(t, contractOf(t, `{"url":"https://example.com/hook"`+snapshot, r.catalog, false))
	for _, body := range bodies {
		if err := validate(t, contract, body); err != nil {
			t.Fatalf("%v\n%.300s", err, body)
		}
	}
}

// What a mirror sends fits: rows that left have no data, or all of it.
func TestMirrorFitsTheSchema(t *testing.T) {
	const catalog = `{"streams":[{"stream":{"name":"users","json_schema":{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}},
		"sync_mode":"full_refresh","destination_sync_mode":"overwrite","primary_key":[["id"]]}]}`
	for _, options := range []string{`,"sync_mode":"mirror"`, `,"sync_mode":"mirror","include_metadata":true`, `,"sync_mode":"add"`} {
		r := newRig(t)
		r.catalog = catalog
		var bodies []string
		for _, input := range [][]string{{user(`{"id":1}`), user(`{"id":2}`), completed}, {user(`{"id":1}`), user(`{"id":3}`), completed}} {
			sent, err := r.sync(options+`,"max_removed_percent":100`, input...)
			if err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, sent...)
		}
		config := `{"url":"https://example.com/hook","snapshot":{"type":"local","path":"/nowhere"}` + options + `}`
		contract := compiled(t, contractOf(t, config, catalog, false))
		if len(bodies) < 2 {
			t.Errorf("%s: only %d bodies", options, len(bodies))
		}
		for _, body := range bodies {
			if err := validate(t, contract, body); err != nil {
				t.Errorf("%s: %v\n%s", options, err, body)
			}
		}
	}
}

// Schemas of sources, as they come, make a document that compiles, refuses what they refuse and
// takes what they take.
func TestSourceSchemas(t *testing.T) {
	tests := map[string]struct {
		schema        string
		fits, refuses string // data, "" for none
	}{
		"definitions":        {`{"definitions":{"id":{"type":"integer"}},"properties":{"id":{"$ref":"#/definitions/id"}}}`, `{"id":1}`, `{"id":"1"}`},
		"reference at once":  {`{"$ref":"#/definitions/a/b","definitions":{"a/b":{}}}`, `{}`, ``},
		"escaped reference":  {`{"$ref":"#/definitions/a~1b","definitions":{"a/b":{"required":["x"]}}}`, `{"x":1}`, `{}`},
		"recursion":          {`{"properties":{"id":{"type":"integer"},"child":{"$ref":"#"}}}`, `{"child":{"child":{"id":1}}}`, `{"child":{"child":{"id":"1"}}}`},
		"property reference": {`{"properties":{"default":{"$ref":"#/properties/b"},"b":{"type":"string"}}}`, `{"default":"x"}`, `{"default":1}`},
		"beside a reference": {`{"properties":{"a":{"$ref":"#/definitions/a","type":"string"}},"definitions":{"a":{"type":"integer"}}}`, `{"a":1}`, `{"a":"1"}`},
		"leads nowhere":      {`{"properties":{"a":{"$ref":"#/definitions/gone"},"b":{"$ref":"other.json"},"c":{"$ref":"#anchor"}}}`, `{"a":1,"b":2,"c":3}`, ``},
		"tuple":              {`{"properties":{"p":{"items":[{"type":"number"},{"type":"number"}],"additionalItems":false}}}`, `{"p":[1,2]}`, `{"p":[1,"2"]}`},
		"exclusive bounds":   {`{"properties":{"n":{"minimum":0,"exclusiveMinimum":true,"maximum":9,"exclusiveMaximum":false}}}`, `{"n":9}`, `{"n":0}`},
		"new bounds":         {`{"properties":{"n":{"exclusiveMinimum":0}}}`, `{"n":1}`, `{"n":0}`},
		"identity":           {`{"$schema":"http://json-schema.org/draft-07/schema#","$id":"https://example.com/a","properties":{"a":{"$id":"b","$ref":"#/definitions/a"}},"definitions":{"a":{"type":"null"}}}`, `{"a":null}`, `{"a":1}`},
		"malformed":          {`{"type":"timestamp","required":true,"properties":{"a":{"type":["string","string"],"pattern":"(?<=x)","minLength":-1,"enum":"x","title":1},"b":7}}`, `{"a":1,"b":2}`, ``},
		"null keywords":      {`{"type":["null","object"],"properties":{"a":{"items":null,"enum":[null,"x"],"const":null}}}`, `{"a":null}`, `{"a":"x"}`},
		"unknown keywords":   {`{"properties":{"a":{"type":"string","airbyte_type":"timestamp_with_timezone","format":"date-time"}}}`, `{"a":"x"}`, `{"a":1}`},
		"forbidden":          {`{"additionalProperties":false,"properties":{"a":true}}`, `{"a":1}`, `{"b":1}`},
		"combined":           {`{"oneOf":[{"required":["a"]},{"required":["b"]}],"properties":{"a":{"anyOf":[]}}}`, `{"a":1}`, `{}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			catalog := `{"streams":[{"stream":{"name":"a/b c","json_schema":` + test.schema + `},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`
			for _, config := range []string{`{"url":"https://example.com/hook"}`, `{"url":"https://example.com/hook","sync_mode":"mirror","snapshot":{"type":"local","path":"/nowhere","keep_rows":false},"streams":[{"stream":"a/b c","primary_key":[["id"]]}]}`} {
				mirror := strings.Contains(config, "mirror")
				contract := compiled(t, contractOf(t, config, catalog, false))
				body := func(data string) string {
					if mirror {
						return `{"sync_mode":"mirror","rows":[{"data":` + data + `,"operation":"added","primary_key":"1"}]}`
					}
					return `{"sync_mode":"insert","rows":[{"data":` + data + `,"operation":"added"}]}`
				}
				if err := validate(t, contract, body(test.fits)); err != nil {
					t.Errorf("%s: %v", config, err)
				}
				if test.refuses != "" && (!mirror || test.refuses != "{}") && validate(t, contract, body(test.refuses)) == nil {
					t.Errorf("%s: %s fits", config, test.refuses)
				}
			}
		})
	}
}

// Stream a.b and stream b of namespace a have one title, and each a schema.
func TestSchemasOfOneTitle(t *testing.T) {
	const catalog = `{"streams":[
		{"stream":{"name":"a.b","json_schema":{"required":["x"]}},"sync_mode":"full_refresh","destination_sync_mode":"append"},
		{"stream":{"name":"b","namespace":"a","json_schema":{"required":["y"]}},"sync_mode":"full_refresh","destination_sync_mode":"append"},
		{"stream":{"name":"connection_check","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append"},
		{"stream":{"name":"naïve/ä","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`
	document := contractOf(t, `{"url":"https://example.com/hook"}`, catalog, false)
	if diff := cmp.Diff([]string{"a.b", "a.b_2", "connection_check", "connection_check_2", "naïve/ä"}, slices.Sorted(maps.Keys(document["$defs"].(map[string]any)))); diff != "" {
		t.Errorf("definitions (-want +got):\n%s", diff)
	}
	openAPI := contractOf(t, `{"url":"https://example.com/hook"}`, catalog, true)
	components := openAPI["components"].(map[string]any)["schemas"].(map[string]any)
	if diff := cmp.Diff([]string{"a.b", "a.b_2", "connection_check", "connection_check_2", "na_ve__"}, slices.Sorted(maps.Keys(components))); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
}

// How a request proves who sends it is part of the document, and no secret is.
func TestOpenAPITellsOfHeaders(t *testing.T) {
	tests := map[string]struct {
		config    string
		schemes   []string
		parameter string
	}{
		"authorization": {`"authorization_header":"Bearer hush-hush"`, []string{"authorization"}, ""},
		"api key":       {`"api_key":"hush-hush"`, []string{"api_key"}, ""},
		"basic":         {`"authentication":{"type":"basic","user":"u","password":"hush-hush"}`, []string{"basic"}, ""},
		"oauth2":        {`"authentication":{"type":"oauth2_client_credentials","token_url":"https://example.com/token","client_id":"c","client_secret":"hush-hush"}`, []string{"bearer"}, ""},
		"compression":   {`"delivery":{"compression":"gzip"}`, nil, "Content-Encoding"},
		"headers":       {`"headers":[{"name":"X-Tenant","value":"hush-hush"}]`, nil, "X-Tenant"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			document := contractOf(t, `{"url":"https://example.com/hook",`+test.config+`}`, string(sample.Catalog), true)
			schemes := document["components"].(map[string]any)["securitySchemes"].(map[string]any)
			if diff := cmp.Diff(test.schemes, slices.Sorted(maps.Keys(schemes))); diff != "" {
				t.Errorf("schemes (-want +got):\n%s", diff)
			}
			text, err := json.Marshal(document)
			if err != nil || strings.Contains(string(text), "hush-hush") {
				t.Errorf("a secret is in %s, %v", text, err)
			}
			if !strings.Contains(string(text), `"name":"`+test.parameter) {
				t.Errorf("there is no %s", test.parameter)
			}
		})
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
