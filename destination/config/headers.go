package config

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/redact"
)

// reservedHeaders are set by the destination or by HTTP itself. Two are here because of their
// effect: Idempotency-Key makes net/http send a POST again by itself, and Accept-Encoding asks for
// answers that nobody decompresses.
var reservedHeaders = []string{
	"accept-encoding", "connection", "content-encoding", "content-length", "content-type",
	"expect", "host", "idempotency-key", "keep-alive", "proxy-connection", "te", "trailer",
	"transfer-encoding", "upgrade", "x-idempotency-key",
}

// reservedPrefixes belong to the headers that describe a delivery.
var reservedPrefixes = []string{"airbyte-", "webhook-"}

// checkHeaders adds what is wrong with a list of headers that begins at the field place.
func (c *Config) checkHeaders(problems *problemList, place string, headers []Header) {
	seen := make(map[string]bool)
	for i, header := range headers {
		name := strings.ToLower(header.Name)
		field := fmt.Sprintf("%s.%d", place, i)
		if problem := c.headerNameProblem(name); problem != "" {
			problems.add(field+".name", problem)
		} else if seen[name] {
			problems.add(field+".name", "expected each header once, an earlier one has this name")
		}
		seen[name] = true
		checkHeaderValue(problems, field+".value", header.Value)
	}
}

// headerNameProblem judges a name in lower case.
func (c *Config) headerNameProblem(name string) string {
	hasPrefix := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
	switch {
	case slices.Contains(reservedHeaders, name), slices.ContainsFunc(reservedPrefixes, hasPrefix):
		return "expected another header, this one is set by the destination"
	case name == "authorization" && c.AuthorizationHeader != "":
		return "expected another header, authorization_header sets this one"
	case name == "authorization" && c.Authentication.Chosen(),
		c.Authentication.Type == auth.SigV4 && hasPrefix("x-amz-"):
		return "expected another header, authentication sets this one"
	case name == "x-api-key" && c.APIKey != "":
		return "expected another header, api_key sets this one"
	default:
		return ""
	}
}

// checkHeaderValue refuses what RFC 9110, section 5.5, does not allow. net/http would refuse it
// too, but only when the first batch is sent.
func checkHeaderValue(problems *problemList, field string, value redact.Secret) {
	text := value.Reveal()
	switch {
	case !httpguts.ValidHeaderFieldValue(text):
		problems.add(field, "expected no line break, NUL or other control character, a pasted text may end in one")
	case strings.TrimSpace(text) != text:
		problems.add(field, "expected no space at either end, it would be lost on the way")
	}
}
