package schema

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/config"
	"destination-webhook/destination/manifest"
	"destination-webhook/destination/route"
)

// OpenAPI returns an OpenAPI 3.1 document whose webhooks are the streams, and whose paths are the
// requests as an endpoint gets them. version is that of the program.
func (c *Contract) OpenAPI(version string) any {
	d := &openAPI{
		contract: c, webhooks: object{}, schemas: object{}, byPath: &paths{contract: c, items: make(map[string]*pathItem)},
		names: c.names(component), titles: c.names(func(title string) string { return title }),
	}
	if c.config.Manifest.Chosen() {
		d.addManifest()
	}
	for i, r := range c.table {
		d.addStream(i, r)
	}
	if c.sendsCheck() {
		d.addCheck()
	}
	schemes := c.security()
	every := object{}
	for name := range schemes {
		every[name] = []any{}
	}
	return object{
		"openapi":    "3.1.0",
		"info":       object{"title": "What destination-webhook sends", "version": version},
		"security":   []any{every},
		"webhooks":   d.webhooks,
		"paths":      d.byPath.document(),
		"components": object{"schemas": d.schemas, "securitySchemes": schemes},
	}
}

// openAPI collects what a document describes.
type openAPI struct {
	contract          *Contract
	webhooks, schemas object
	byPath            *paths
	names, titles     []string // of schemas and of webhooks, as Contract.names orders them
}

// place returns the reference to a schema.
func (d *openAPI) place(i int) string { return "#/components/schemas/" + d.names[i] }

// define adds a schema and returns the body that fits it.
func (d *openAPI) define(i int, mediaType string, schema any) *body {
	d.schemas[d.names[i]] = schema
	return &body{mediaType, object{"$ref": d.place(i)}}
}

// addManifest adds the manifest, which has the path of each stream's.
func (d *openAPI) addManifest() {
	c, i := d.contract, len(d.contract.table)+1
	d.byPath.manifest = d.define(i, "application/json", manifestBody())
	d.webhooks[d.titles[i]] = object{strings.ToLower(c.config.Manifest.Method): object{
		"summary": "The manifest of a stream", "parameters": c.parameters(nil), "requestBody": requestBody(true, d.byPath.manifest), "responses": manifestAnswers(),
	}}
}

func (d *openAPI) addStream(i int, r *route.Route) {
	body := d.define(i, r.Payload.MediaType(), d.contract.body(i, d.place(i)))
	methods := object{}
	for _, e := range endpoints(r) {
		described := object{"summary": "A batch of stream " + r.Title(), "parameters": d.contract.parameters(r), "responses": answers()}
		if e.Bodyless {
			d.byPath.add(e.Method, e.URL, r, nil)
		} else {
			described["requestBody"] = requestBody(true, body)
			d.byPath.add(e.Method, e.URL, r, body)
		}
		methods[strings.ToLower(e.Method)] = described
	}
	d.webhooks[d.titles[i]] = methods
	if e := r.Manifest; e != nil {
		d.byPath.add(e.Method, e.URL, r, d.byPath.manifest)
	}
}

// addCheck adds the connection check.
func (d *openAPI) addCheck() {
	c, i := d.contract, len(d.contract.table)
	body := d.define(i, c.config.Payload.MediaType(), c.check())
	d.webhooks[d.titles[i]] = object{strings.ToLower(c.config.Method): object{
		"summary": "A check of the connection", "parameters": c.parameters(nil), "requestBody": requestBody(true, body), "responses": answers(),
	}}
	d.byPath.add(c.config.Method, c.config.CheckURL(), nil, body)
}

// component makes a component's name of a title: it allows fewer characters than streams have.
func component(title string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r)) {
			return r
		}
		return '_'
	}, title)
}

// security returns the ways in which each request is authenticated, as an endpoint sees them.
func (c *Contract) security() object {
	inHeader := func(name string) object { return object{"type": "apiKey", "in": "header", "name": name} }
	schemes := object{}
	if c.config.AuthorizationHeader != "" {
		schemes["authorization"] = inHeader("Authorization")
	}
	if c.config.APIKey != "" {
		schemes["api_key"] = inHeader("X-Api-Key")
	}
	switch c.config.Authentication.Type {
	case auth.Basic:
		schemes["basic"] = object{"type": "http", "scheme": "basic"}
	case auth.Bearer, auth.OAuth2:
		schemes["bearer"] = object{"type": "http", "scheme": "bearer"}
	case auth.SigV4:
		schemes["aws_sigv4"] = inHeader("Authorization")
	}
	return schemes
}

// parameters returns the headers of a stream's requests, or those of the connection check if the
// route is nil.
func (c *Contract) parameters(r *route.Route) []any {
	header := func(name, description string, required bool, s object) object {
		return object{"name": name, "in": "header", "required": required, "description": description, "schema": s}
	}
	text := object{"type": "string"}
	list := []any{
		header("Webhook-Id", "Names the request; the same on every attempt, and when a resumed sync sends it again.", true, text),
		header("Webhook-Timestamp", "Time of the attempt, in seconds since 1970.", true, object{"type": "string", "pattern": "^[0-9]+$"}),
		header("Webhook-Signature", "Standard Webhooks 1.0, one v1 signature for each secret.", c.config.Signing.Secret != "", text),
	}
	if !slices.ContainsFunc(c.headers(r), func(h config.Header) bool { return strings.EqualFold(h.Name, "traceparent") }) {
		list = append(list, header("traceparent", "W3C Trace Context: the trace of the sync, and a span for each attempt.", true, object{"type": "string", "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"}))
	}
	if compression := c.config.Delivery.Compression; compression != "" && compression != config.Uncompressed {
		list = append(list, header("Content-Encoding", "How the body is compressed; left out if that would not make it smaller.", false, object{"const": compression}))
	}
	for _, h := range c.headers(r) {
		list = append(list, header(h.Name, "From the config.", true, text))
	}
	if r == nil {
		return list
	}
	list = append(list, header("Airbyte-Stream", "The stream's name, percent-encoded if it is not plain ASCII.", true, object{"const": route.PercentEncode(r.Stream.Name)}))
	if r.Stream.Namespace != "" {
		list = append(list, header("Airbyte-Namespace", "The stream's namespace, encoded alike.", true, object{"const": route.PercentEncode(r.Stream.Namespace)}))
	}
	if r.Manifest != nil {
		list = append(list, header(manifest.RunHeader, "Names the run of the stream, whose manifest says which requests it has.", true, text),
			header(manifest.GenerationHeader, "generation_id of the catalog, 0 if the platform sends none.", true, object{"type": "string", "pattern": "^[0-9]+$"}))
	}
	return list
}

// headers returns the additional headers of a stream's requests, or those of all if the route is
// nil.
func (c *Contract) headers(r *route.Route) []config.Header {
	if r == nil {
		return c.config.Headers
	}
	return c.overrides.Stream(r.Stream).Headers
}

// answers returns what an endpoint may answer; docs/payload.md has it in full.
func answers() object {
	rejected := closed("Rows that are rejected, if any", object{"rejected": object{"type": "array", "items": object{
		"type": "object",
		"properties": object{
			"index":       object{"type": "integer", "minimum": 0, "description": "place of the row in the request"},
			"primary_key": object{"type": []string{"string", "array"}, "description": "in place of the index"},
			"reason":      object{"type": "string"},
			"retry":       object{"type": "boolean", "description": "send the row once more"},
		},
	}}}, nil)
	delete(rejected, "additionalProperties")
	delete(rejected, "required")
	return object{
		"2XX": object{"description": "Accepted, except for the rows that the body rejects.", "content": object{"application/json": object{"schema": rejected, "example": object{"rejected": []any{}}}}},
		"400": object{"description": "Something in the batch is refused: it is sent again in halves until the rows at fault are alone."},
		"413": object{"description": "Too large: it is sent again in halves."},
		"429": object{"description": "Slow down; Retry-After is obeyed by all requests."},
		"5XX": object{"description": fmt.Sprintf("Sent again later; %d and %d end the sync.", http.StatusNotImplemented, http.StatusHTTPVersionNotSupported)},
	}
}

// manifestAnswers returns what an endpoint may answer to a manifest.
func manifestAnswers() object {
	return object{
		"2XX": object{"description": "The stream is whole."},
		"409": object{"description": "Something is missing: the sync fails. Any other refusal means the same."},
		"429": object{"description": "Slow down; Retry-After is obeyed by all requests."},
		"5XX": object{"description": fmt.Sprintf("Sent again later; %d and %d end the sync.", http.StatusNotImplemented, http.StatusHTTPVersionNotSupported)},
	}
}
