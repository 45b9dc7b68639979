package destination

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/config"
	"destination-webhook/destination/failure"
	"destination-webhook/protocol"
)

// schema is a JSON Schema, or a part of one.
type schema map[string]any

const draft = "https://json-schema.org/draft/2020-12/schema"

// Schema writes what an endpoint receives for the streams of a catalog: a JSON Schema (2020-12) of the bodies, or an OpenAPI
// 3.1 document whose webhooks are the streams. Without a config the defaults hold.
func (p *Program) Schema(configPath, catalogPath string, openAPI bool) (err error) {
	defer failure.RecoverTo(&err)
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
	config  *config.Config
	catalog *protocol.Catalog
	routes  *routes
}

func (p *Program) contract(configPath, catalogPath string) (*contract, error) {
	c, err := config.Parse(p.Spec, []byte(`{"url":"https://example.com/hook"}`))
	if configPath != "" {
		out := protocol.NewWriter(io.Discard)
		var n *network
		if c, n, err = p.configure(configPath, out); err == nil {
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
	routes, err := newRoutes(c, catalog, p.agent())
	if err != nil {
		return nil, err
	}
	return &contract{c, catalog, routes}, nil
}

// jsonSchema is a schema that every body fits, with one for each stream below $defs, and one for the connection check.
func (c *contract) jsonSchema() schema {
	defs, bodies := schema{}, []any{}
	define := func(name string, body func(place string) schema) {
		place := "#/$defs/" + pointer(name)
		defs[name] = body(place)
		bodies = append(bodies, schema{"$ref": place})
	}
	names := c.names(func(title string) string { return title })
	for i, name := range names[:len(c.routes.all)] {
		define(name, func(place string) schema { return c.envelope(i, place) })
	}
	if c.sendsCheck() {
		define(names[len(names)-1], func(string) schema { return c.check() })
	}
	return schema{"$schema": draft, "title": "Bodies that destination-webhook sends", "anyOf": bodies, "$defs": defs}
}

// names are the streams' names, made by name from their titles, and one for the connection check behind them. Two of a kind are told
// apart by a number: stream a.b has the title of stream b in namespace a.
func (c *contract) names(name func(title string) string) []string {
	titles := []string{}
	for _, r := range c.routes.all {
		titles = append(titles, r.title())
	}
	taken, names := map[string]bool{}, []string{}
	for _, title := range append(titles, "connection_check") {
		unique := name(title)
		for n := 2; taken[unique]; n++ {
			unique = fmt.Sprintf("%s_%d", name(title), n)
		}
		taken[unique] = true
		names = append(names, unique)
	}
	return names
}

// sendsCheck says whether the connection check has a body.
func (c *contract) sendsCheck() bool { return c.config.ConnectionCheck == config.CheckEmptyBatch }

// check is the schema of the connection check's body.
func (c *contract) check() schema {
	properties := schema{"sync_mode": schema{"const": checkMode(c.config)}, "rows": schema{"type": "array", "maxItems": 0}}
	return closed("A check of the connection", properties, []string{"sync_mode", "rows"})
}

// envelope is the schema of a stream's bodies; place is the reference by which the document has it.
func (c *contract) envelope(i int, place string) schema {
	r, s := c.routes.all[i], &c.catalog.Streams[i]
	row := c.row(r, s, place+"/properties/rows/items")
	properties := schema{"sync_mode": schema{"const": r.mode}, "rows": schema{"type": "array", "minItems": 1, "items": row}}
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

func (c *contract) row(r *route, s *protocol.ConfiguredStream, place string) schema {
	properties, required := schema{"data": c.data(r, s, place+"/properties/data")}, []string{"data"}
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
		if r.mode != config.Insert {
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
	case r.mode == config.Insert, r.mode == config.Add:
		return []string{"added"}, true
	case r.mode == config.Remove:
		return []string{"removed"}, true
	case c.config.Snapshot.Chosen():
		return []string{"added", "changed", "removed"}, true
	}
	return []string{"removed"}, false
}

// data is the schema that the source gives its records. A row that left may have no data.
func (c *contract) data(r *route, s *protocol.ConfiguredStream, place string) any {
	removes := r.mode == config.Remove || r.mode == config.Mirror
	if removes && c.config.Snapshot.Chosen() && !c.config.Snapshot.KeepRows {
		return schema{"anyOf": []any{sourceSchema(s.Stream.JSONSchema, place+"/anyOf/0"), schema{"type": "object", "maxProperties": 0}}}
	}
	return sourceSchema(s.Stream.JSONSchema, place)
}

func closed(title string, properties schema, required []string) schema {
	return schema{"title": title, "type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// pointer escapes a name for a JSON pointer in a URI fragment (RFC 6901).
func pointer(name string) string {
	return percentEncode(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
}
