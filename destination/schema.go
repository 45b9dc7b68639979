package destination

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/protocol"
)

// schema is a JSON Schema, or a part of one.
type schema map[string]any

const draft = "https://json-schema.org/draft/2020-12/schema"

// Schema writes what an endpoint receives for the streams of a catalog: a JSON Schema (2020-12) of the bodies, or an OpenAPI
// 3.1 document whose webhooks are the streams. Without a config the defaults hold.
func (p *Program) Schema(configPath, catalogPath string, openAPI bool) (err error) {
	defer caught(&err)
	s, err := p.contract(configPath, catalogPath)
	if err != nil {
		return err
	}
	document := any(s.jsonSchema())
	if openAPI {
		document = s.openAPI(p.Version)
	}
	if err := json.MarshalWrite(p.Stdout, document, json.Deterministic(true), jsontext.WithIndent("  "), jsontext.EscapeForHTML(false)); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	_, err = io.WriteString(p.Stdout, "\n")
	return err
}

// contract is what sender and receiver agree on.
type contract struct {
	config  *Config
	catalog *protocol.Catalog
	routes  *routes
}

func (p *Program) contract(configPath, catalogPath string) (*contract, error) {
	config, err := ParseConfig(p.Spec, []byte(`{"url":"https://example.com/hook"}`))
	if configPath != "" {
		out := protocol.NewWriter(io.Discard)
		var n *network
		if config, n, err = p.configure(configPath, out); err == nil {
			n.close()
		}
	}
	if err != nil {
		return nil, err
	}
	catalog, err := p.readCatalog(catalogPath)
	if err != nil {
		return nil, err
	}
	routes, err := newRoutes(config, catalog, p.agent())
	if err != nil {
		return nil, err
	}
	return &contract{config, catalog, routes}, nil
}

// jsonSchema is a schema that every body fits, with one for each stream below $defs.
func (c *contract) jsonSchema() schema {
	defs, streams := schema{}, []any{}
	for i, r := range c.routes.all {
		defs[r.title()] = c.envelope(i)
		streams = append(streams, schema{"$ref": "#/$defs/" + pointer(r.title())})
	}
	return schema{"$schema": draft, "title": "Bodies that destination-webhook sends", "anyOf": streams, "$defs": defs}
}

// envelope is the schema of a stream's bodies. A connection check sends one without rows.
func (c *contract) envelope(i int) schema {
	r, s := c.routes.all[i], &c.catalog.Streams[i]
	properties := schema{"sync_mode": schema{"const": r.mode}, "rows": schema{"type": "array", "items": c.row(r, s)}}
	required := []string{"sync_mode", "rows"}
	if c.config.IncludeMetadata {
		properties["stream"] = schema{"const": r.name}
		properties["sync_id"], properties["generation_id"] = schema{"type": "integer"}, schema{"type": "integer"}
		required = append(required, "stream", "sync_id", "generation_id")
		if r.namespace != "" {
			properties["namespace"] = schema{"const": r.namespace}
			required = append(required, "namespace")
		}
	}
	return closed("A batch of stream "+r.title(), properties, required)
}

func (c *contract) row(r *route, s *protocol.ConfiguredStream) schema {
	properties, required := schema{"data": c.data(r, s)}, []string{"data"}
	operations, always := c.operations(r)
	properties["operation"] = schema{"enum": operations}
	if always {
		required = append(required, "operation")
	}
	if n := len(r.key); n > 0 {
		properties["primary_key"] = schema{"type": "string"}
		if n > 1 {
			properties["primary_key"] = schema{"type": "array", "items": schema{"type": "string"}, "minItems": n, "maxItems": n}
		}
		if r.mode != Insert {
			required = append(required, "primary_key")
		}
	}
	if c.config.IncludeMetadata {
		properties["emitted_at"], properties["changes"] = schema{"type": "number"}, schema{"type": "array"}
	}
	return closed("A row of stream "+r.title(), properties, required)
}

// operations are those that a row of the stream may have, and whether each row has one.
func (c *contract) operations(r *route) ([]string, bool) {
	switch {
	case r.mode == Insert, r.mode == Add:
		return []string{"added"}, true
	case r.mode == Remove:
		return []string{"removed"}, true
	case c.config.Snapshot.chosen():
		return []string{"added", "changed", "removed"}, true
	}
	return []string{"removed"}, false
}

// data is the schema that the source gives its records. A row that left may have no data.
func (c *contract) data(r *route, s *protocol.ConfiguredStream) any {
	source := schema{"type": "object"}
	if declared := (schema{}); json.Unmarshal(s.Stream.JSONSchema, &declared) == nil && len(declared) > 0 {
		delete(declared, "$schema") // Airbyte's are draft-07, of which they use what 2020-12 has kept
		source = declared
	}
	removes := r.mode == Remove || r.mode == Mirror
	if removes && c.config.Snapshot.chosen() && !c.config.Snapshot.KeepRows {
		return schema{"anyOf": []any{source, schema{"type": "object", "maxProperties": 0}}}
	}
	return source
}

func closed(title string, properties schema, required []string) schema {
	return schema{"title": title, "type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// pointer escapes a name for a JSON pointer in a URI fragment (RFC 6901).
func pointer(name string) string {
	return percentEncode(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
}

func (c *contract) openAPI(version string) schema {
	webhooks, schemas := schema{}, schema{}
	for i, r := range c.routes.all {
		name := component(i)
		schemas[name] = c.envelope(i)
		webhooks[r.title()] = schema{strings.ToLower(r.method): schema{
			"summary":     "A batch of stream " + r.title(),
			"parameters":  c.parameters(r),
			"requestBody": schema{"required": true, "content": schema{"application/json": schema{"schema": schema{"$ref": "#/components/schemas/" + name}}}},
			"responses":   answers(),
		}}
	}
	return schema{
		"openapi":    "3.1.0",
		"info":       schema{"title": "What destination-webhook sends", "version": version},
		"webhooks":   webhooks,
		"components": schema{"schemas": schemas},
	}
}

// component names a schema: components allow fewer characters than streams have.
func component(i int) string { return fmt.Sprintf("Stream%d", i+1) }

func (c *contract) parameters(r *route) []any {
	header := func(name, description string, required bool, s schema) schema {
		return schema{"name": name, "in": "header", "required": required, "description": description, "schema": s}
	}
	text := schema{"type": "string"}
	list := []any{
		header("Webhook-Id", "Names the batch; the same on every attempt and when a later sync sends it again.", true, text),
		header("Webhook-Timestamp", "Time of the attempt, in seconds since 1970.", true, schema{"type": "string", "pattern": "^[0-9]+$"}),
		header("Webhook-Signature", "Standard Webhooks 1.0, one v1 signature for each secret.", c.config.Signing.Secret != "", text),
		header("Airbyte-Stream", "The stream's name, percent-encoded where it is not plain ASCII.", true, schema{"const": percentEncode(r.name)}),
	}
	if r.namespace != "" {
		list = append(list, header("Airbyte-Namespace", "The stream's namespace, encoded alike.", true, schema{"const": percentEncode(r.namespace)}))
	}
	return list
}

// answers are what an endpoint may say; docs/payload.md has it in full.
func answers() schema {
	rejected := closed("Rows that are rejected, if any", schema{"rejected": schema{"type": "array", "items": schema{
		"type": "object",
		"properties": schema{
			"index":       schema{"type": "integer", "minimum": 0, "description": "place of the row in the request"},
			"primary_key": schema{"type": []string{"string", "array"}, "description": "in place of the index"},
			"reason":      schema{"type": "string"},
			"retry":       schema{"type": "boolean", "description": "send the row once more"},
		},
	}}}, nil)
	delete(rejected, "additionalProperties")
	delete(rejected, "required")
	return schema{
		"2XX": schema{"description": "Taken, but for the rows that the body rejects.", "content": schema{"application/json": schema{"schema": rejected}}},
		"400": schema{"description": "Something in the batch is refused: it is sent again in halves until the rows at fault are alone."},
		"413": schema{"description": "Too large: it is sent again in halves."},
		"429": schema{"description": "Slow down; Retry-After is obeyed by all requests."},
		"5XX": schema{"description": fmt.Sprintf("Sent again later; %d and %d end the sync.", http.StatusNotImplemented, http.StatusHTTPVersionNotSupported)},
	}
}
