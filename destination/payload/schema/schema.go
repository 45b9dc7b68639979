// Package schema writes what an endpoint receives as a JSON Schema (2020-12) or an OpenAPI 3.1
// document. It describes what payload writes and does not use it; tests compare the two.
package schema

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"destination-webhook/destination/config"
	"destination-webhook/destination/manifest"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// object is a JSON Schema, or a part of one.
type object map[string]any

const draft = "https://json-schema.org/draft/2020-12/schema"

// Contract is what sender and receiver agree on.
type Contract struct {
	config    *config.Config
	overrides config.Overrides
	table     route.Table
}

// New returns the contract of the streams that are routed by a config.
func New(c *config.Config, table route.Table) *Contract { return &Contract{c, c.Overrides(), table} }

// JSONSchema returns a schema that every body fits, with one for each stream below $defs, and one
// for the connection check.
func (c *Contract) JSONSchema() any {
	defs, bodies := object{}, []any{}
	define := func(name string, body func(place string) any) {
		place := "#/$defs/" + pointer(name)
		defs[name] = body(place)
		bodies = append(bodies, object{"$ref": place})
	}
	names := c.names(func(title string) string { return title })
	for i, name := range names[:len(c.table)] {
		define(name, func(place string) any { return c.body(i, place) })
	}
	if c.sendsCheck() {
		define(names[len(c.table)], func(string) any { return c.check() })
	}
	if c.config.Manifest.Chosen() {
		define(names[len(c.table)+1], func(string) any { return manifestBody() })
	}
	return object{"$schema": draft, "title": "Bodies that destination-webhook sends", "anyOf": bodies, "$defs": defs}
}

// names returns the streams' names, made by name from their titles, and after them one for the
// connection check and one for manifests. Equal names are distinguished by a number: stream a.b has
// the title of stream b in namespace a.
func (c *Contract) names(name func(title string) string) []string {
	titles := []string{}
	for _, r := range c.table {
		titles = append(titles, r.Title())
	}
	taken, next, names := map[string]bool{}, map[string]int{}, []string{}
	for _, title := range append(titles, "connection_check", "manifest") {
		base := name(title)
		unique, n := base, max(2, next[base])
		for ; taken[unique]; n++ {
			unique = fmt.Sprintf("%s_%d", base, n)
		}
		taken[unique], next[base] = true, n
		names = append(names, unique)
	}
	return names
}

// manifestBody returns the schema of a manifest, which is the same for all streams.
func manifestBody() (s object) {
	if json.Unmarshal(manifest.Schema, &s) == nil {
		delete(s, "$schema")
	}
	return s
}

// sendsCheck reports whether the connection check has a body.
func (c *Contract) sendsCheck() bool { return c.config.Check() == config.CheckEmptyBatch }

// check returns the schema of the connection check's body.
func (c *Contract) check() any {
	p := c.config.Payload
	switch p.Format {
	case config.Array:
		return titled(noRows(""), "A check of the connection")
	case config.NDJSON:
		return object{"title": "A check of the connection, which has no line", "not": object{}}
	case config.Wrapped:
		var wrapper any
		if json.Unmarshal([]byte(p.Wrapper), &wrapper) == nil {
			return titled(wrapped(holes{mode: c.config.CheckMode(), rows: noRows}, wrapper, ""), "A check of the connection")
		}
	}
	properties := object{"sync_mode": object{"const": c.config.CheckMode()}, "rows": noRows("")}
	return closed("A check of the connection", properties, []string{"sync_mode", "rows"})
}

// envelope returns the schema of a stream's bodies. place is the reference to it in the document.
func (c *Contract) envelope(i int, place string) object {
	r, s := c.table[i], c.table[i].Configured
	row := c.row(r, s, place+"/properties/rows/items")
	properties := object{"sync_mode": object{"const": r.Mode}, "rows": object{"type": "array", "minItems": 1, "items": row}}
	required := []string{"sync_mode", "rows"}
	if c.config.IncludeMetadata {
		properties["stream"] = object{"const": r.Stream.Name}
		properties["sync_id"], properties["generation_id"] = object{"type": "integer"}, object{"type": "integer"}
		required = append(required, "stream", "sync_id", "generation_id")
		if r.Stream.Namespace != "" {
			properties["namespace"] = object{"const": r.Stream.Namespace}
			required = append(required, "namespace")
		}
	}
	return closed("A batch of stream "+r.Title(), properties, required)
}

func (c *Contract) row(r *route.Route, s *protocol.ConfiguredStream, place string) object {
	properties, required := object{"data": c.data(r, s, place+"/properties/data")}, []string{"data"}
	operations, always := c.operations(r)
	properties["operation"] = object{"enum": operations}
	if always {
		required = append(required, "operation")
	}
	if n := len(r.Key); n > 0 {
		properties["primary_key"] = object{"type": "string"}
		if n > 1 {
			properties["primary_key"] = object{"type": "array", "items": keyField(r), "minItems": n, "maxItems": n}
		}
		if r.Mode != config.Insert {
			required = append(required, "primary_key")
		}
	}
	if c.config.IncludeMetadata {
		properties["emitted_at"], properties["changes"] = object{"type": "number"}, object{"type": "array"}
	}
	row := closed("A row of stream "+r.Title(), properties, required)
	c.constrain(row, r, place)
	return row
}

// keyField is a field of a composite key.
func keyField(r *route.Route) object {
	if r.PartialKey {
		return object{"type": []string{"string", "null"}}
	}
	return object{"type": "string"}
}

// operations returns those that a row of the stream may have, and whether each row has one.
func (c *Contract) operations(r *route.Route) ([]string, bool) {
	switch {
	case r.Mode == config.Insert, r.Mode == config.Add:
		return []string{"added"}, true
	case r.Mode == config.Remove:
		return []string{"removed"}, true
	case c.config.Snapshot.Chosen():
		return []string{"added", "changed", "removed"}, true
	}
	return []string{"removed"}, false
}

// data returns the schema that the source gives its records. A row that left may have no data.
func (c *Contract) data(r *route.Route, s *protocol.ConfiguredStream, place string) any {
	if r.Payload.Transform != "" {
		return object{"title": "What payload.transform makes of a record", "description": "Its shape is that program's."}
	}
	removes := r.Mode == config.Remove || r.Mode == config.Mirror
	if removes && c.config.Snapshot.Chosen() && !c.config.Snapshot.KeepRows {
		return object{"anyOf": []any{sourceSchema(s.Stream.JSONSchema, place+"/anyOf/0"), object{"type": "object", "maxProperties": 0}}}
	}
	return sourceSchema(s.Stream.JSONSchema, place)
}

func closed(title string, properties object, required []string) object {
	return object{"title": title, "type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// pointer escapes a name for a JSON pointer in a URI fragment (RFC 6901).
func pointer(name string) string {
	return route.PercentEncode(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
}
