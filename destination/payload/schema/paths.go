package schema

import (
	"slices"
	"strings"

	"destination-webhook/destination/config"
	"destination-webhook/destination/printable"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// paths are the requests by path and method, which is where most generators look for them. Streams
// may share a path and a method: the body is that of one of them then.
type paths struct {
	contract *Contract
	items    map[string]*pathItem
	manifest *body // of manifests; nil: none are sent
}

type pathItem struct {
	parameters []string
	servers    []any
	methods    map[string]*pathOperation
}

// pathOperation collects what is sent by one method to one path.
type pathOperation struct {
	streams  []string // titles
	names    []any    // percent-encoded, of the header Airbyte-Stream
	bodies   []*body
	optional bool // some requests have no body
	check    bool // the connection check is one of the requests
}

// add adds the requests to an address; r is nil for the connection check. body is what they
// have for one, nil if they have none.
func (p *paths) add(method, address string, r *route.Route, body *body) {
	stream := protocol.StreamDescriptor{}
	if r != nil {
		stream = r.Stream
	}
	path, parameters := config.PublicPath(address, stream)
	item := p.items[path]
	if item == nil {
		item = &pathItem{parameters: parameters, methods: make(map[string]*pathOperation)}
		p.items[path] = item
	}
	if host := printable.Host(address); !slices.ContainsFunc(item.servers, func(s any) bool { return s.(object)["url"] == host }) {
		item.servers = append(item.servers, object{"url": host})
	}
	method = strings.ToLower(method)
	o := item.methods[method]
	if o == nil {
		o = &pathOperation{}
		item.methods[method] = o
	}
	o.add(r, body)
}

func (o *pathOperation) add(r *route.Route, body *body) {
	if r == nil {
		o.check = true
	} else if !slices.Contains(o.streams, r.Title()) {
		o.streams = append(o.streams, r.Title())
		o.names = append(o.names, route.PercentEncode(r.Stream.Name))
	}
	if body == nil {
		o.optional = true
	} else if !slices.Contains(o.bodies, body) {
		o.bodies = append(o.bodies, body)
	}
}

// document returns the path items.
func (p *paths) document() object {
	all := object{}
	for path, item := range p.items {
		described := object{"servers": item.servers}
		for method, o := range item.methods {
			described[method] = p.operation(item, o)
		}
		all[path] = described
	}
	return all
}

func (p *paths) operation(item *pathItem, o *pathOperation) object {
	parameters := p.contract.parameters(nil)
	for _, name := range item.parameters {
		parameters = append(parameters, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string", "minLength": 1}})
	}
	if len(o.names) > 0 {
		parameters = append(parameters, object{"name": "Airbyte-Stream", "in": "header", "required": !o.check, "description": "The stream's name, percent-encoded if it is not plain ASCII.", "schema": object{"enum": o.names}})
	}
	described := object{"summary": "Rows of " + strings.Join(o.streams, ", "), "parameters": parameters, "responses": answers()}
	if len(o.streams) == 0 {
		described["summary"] = "A check of the connection"
	}
	if slices.Equal(o.bodies, []*body{p.manifest}) {
		described["summary"], described["responses"] = "Manifests of "+strings.Join(o.streams, ", "), manifestAnswers()
	}
	if len(o.bodies) > 0 {
		described["requestBody"] = requestBody(!o.optional, o.bodies...)
	}
	return described
}

// body is what requests have for a body: its media type and the reference to its schema.
type body struct {
	mediaType string
	schema    any
}

// requestBody describes a body that may be any of some.
func requestBody(required bool, bodies ...*body) object {
	schemas := make(map[string][]any)
	for _, b := range bodies {
		schemas[b.mediaType] = append(schemas[b.mediaType], b.schema)
	}
	content := object{}
	for mediaType, all := range schemas {
		content[mediaType] = object{"schema": all[0]}
		if len(all) > 1 {
			content[mediaType] = object{"schema": object{"anyOf": all}}
		}
	}
	return object{"required": required, "content": content}
}

// endpoints returns where the rows of a route go, each endpoint once.
func endpoints(r *route.Route) (all []*route.Endpoint) {
	for _, operation := range r.Operations() {
		if e := r.To(operation); !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	return all
}
