package destination

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/config"
)

func (c *contract) openAPI(version string) schema {
	webhooks, schemas := schema{}, schema{}
	names, titles := c.names(component), c.names(func(title string) string { return title })
	describe := func(i int, method, summary string, parameters []any, body func(place string) schema) {
		place := "#/components/schemas/" + names[i]
		schemas[names[i]] = body(place)
		webhooks[titles[i]] = schema{strings.ToLower(method): schema{
			"summary":     summary,
			"parameters":  parameters,
			"requestBody": schema{"required": true, "content": schema{"application/json": schema{"schema": schema{"$ref": place}}}},
			"responses":   answers(),
		}}
	}
	for i, r := range c.routes.all {
		describe(i, r.method, "A batch of stream "+r.title(), c.parameters(r), func(place string) schema { return c.envelope(i, place) })
	}
	if c.sendsCheck() {
		describe(len(names)-1, c.config.Method, "A check of the connection", c.parameters(nil), func(string) schema { return c.check() })
	}
	schemes := c.security()
	every := schema{}
	for name := range schemes {
		every[name] = []any{}
	}
	return schema{
		"openapi":    "3.1.0",
		"info":       schema{"title": "What destination-webhook sends", "version": version},
		"security":   []any{every},
		"webhooks":   webhooks,
		"components": schema{"schemas": schemas, "securitySchemes": schemes},
	}
}

// component makes a name of a title: components allow fewer characters than streams have.
func component(title string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r)) {
			return r
		}
		return '_'
	}, title)
}

// security are the ways in which each request proves who sends it, by what an endpoint sees of them.
func (c *contract) security() schema {
	inHeader := func(name string) schema { return schema{"type": "apiKey", "in": "header", "name": name} }
	schemes := schema{}
	if c.config.AuthorizationHeader != "" {
		schemes["authorization"] = inHeader("Authorization")
	}
	if c.config.APIKey != "" {
		schemes["api_key"] = inHeader("X-Api-Key")
	}
	switch c.config.Authentication.Type {
	case auth.Basic:
		schemes["basic"] = schema{"type": "http", "scheme": "basic"}
	case auth.Bearer, auth.OAuth2:
		schemes["bearer"] = schema{"type": "http", "scheme": "bearer"}
	case auth.SigV4:
		schemes["aws_sigv4"] = inHeader("Authorization")
	}
	return schemes
}

// parameters are the headers of a stream's requests; without a route those of the connection check.
func (c *contract) parameters(r *route) []any {
	header := func(name, description string, required bool, s schema) schema {
		return schema{"name": name, "in": "header", "required": required, "description": description, "schema": s}
	}
	text := schema{"type": "string"}
	list := []any{
		header("Webhook-Id", "Names the batch; the same on every attempt and when a later sync sends it again.", true, text),
		header("Webhook-Timestamp", "Time of the attempt, in seconds since 1970.", true, schema{"type": "string", "pattern": "^[0-9]+$"}),
		header("Webhook-Signature", "Standard Webhooks 1.0, one v1 signature for each secret.", c.config.Signing.Secret != "", text),
	}
	if compression := c.config.Delivery.Compression; compression != "" && compression != config.Uncompressed {
		list = append(list, header("Content-Encoding", "How the body is compressed; left out where that would not make it smaller.", false, schema{"const": compression}))
	}
	for _, h := range c.config.Headers {
		list = append(list, header(h.Name, "From the config.", true, text))
	}
	if r == nil {
		return list
	}
	list = append(list, header("Airbyte-Stream", "The stream's name, percent-encoded where it is not plain ASCII.", true, schema{"const": percentEncode(r.name)}))
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
