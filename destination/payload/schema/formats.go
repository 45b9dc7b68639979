package schema

import (
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"destination-webhook/destination/config"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// body returns the schema of a stream's bodies, for NDJSON that of a line. place is the reference
// to it in the document.
func (c *Contract) body(i int, place string) any {
	r := c.table[i]
	switch r.Payload.Format {
	case config.Array:
		return titled(c.rows(r, place), "A batch of stream "+r.Title())
	case config.NDJSON:
		return titled(c.anyRow(r, place), "A line of a batch of stream "+r.Title())
	case config.Single:
		return titled(c.anyRow(r, place), "A batch of stream "+r.Title())
	case config.Form:
		return c.form(r, place)
	case config.Wrapped:
		var wrapper any
		if json.Unmarshal([]byte(r.Payload.Wrapper), &wrapper) == nil {
			return titled(wrapped(c.holes(r), wrapper, place), "A batch of stream "+r.Title())
		}
	}
	return c.envelope(i, place)
}

// rows returns the schema of an array of rows.
func (c *Contract) rows(r *route.Route, place string) object {
	return object{"type": "array", "minItems": 1, "items": c.anyRow(r, place+"/items")}
}

// anyRow returns the schema of a row in any format.
func (c *Contract) anyRow(r *route.Route, place string) any {
	if r.Payload.FullRows() {
		return c.row(r, r.Configured, place)
	}
	return c.bareRow(r, place)
}

// holes are what takes the place of the holes in a wrapper.
type holes struct {
	stream protocol.StreamDescriptor
	mode   config.SyncMode
	rows   func(place string) object
}

func (c *Contract) holes(r *route.Route) holes {
	return holes{r.Stream, r.Mode, func(place string) object { return c.rows(r, place) }}
}

// noRows returns the schema of an array in a check of the connection.
func noRows(string) object { return object{"type": "array", "maxItems": 0} }

// wrapped returns the schema of a value in a wrapper: itself, but for its holes.
func wrapped(h holes, value any, place string) any {
	switch value := value.(type) {
	case string:
		switch config.Hole(value) {
		case config.HoleRows:
			return h.rows(place)
		case config.HoleWebhookID:
			return object{"type": "string", "description": "The Webhook-Id of the request"}
		case config.HoleStream:
			return object{"const": h.stream.Name}
		case config.HoleNamespace:
			return object{"const": h.stream.Namespace}
		case config.HoleSyncMode:
			return object{"const": h.mode}
		}
	case map[string]any:
		properties, required := object{}, []string{}
		for name, member := range value {
			properties[name] = wrapped(h, member, place+"/properties/"+pointer(name))
			required = append(required, name)
		}
		slices.Sort(required)
		return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	case []any:
		items := []any{}
		for i, element := range value {
			items = append(items, wrapped(h, element, place+"/prefixItems/"+strconv.Itoa(i)))
		}
		return object{"type": "array", "prefixItems": items, "items": false}
	}
	return object{"const": value}
}

// titled gives a schema a title, unless it has one or is no object.
func titled(s any, title string) any {
	if s, ok := s.(object); ok && s["title"] == nil {
		s["title"] = title
	}
	return s
}
