package receiver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// masked stands for a value that the page does not show.
const masked = "••••••••"

// header is one header as the page shows it.
type header struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Masked bool   `json:"masked"`
}

// secretNames are parts of names whose values are credentials. Signatures are
// not: they prove knowledge of a secret without telling it.
var secretNames = []string{"authorization", "api-key", "api_key", "apikey", "cookie", "token", "secret", "password", "passwd", "credential"}

func isSecret(name string) bool {
	name = strings.ToLower(name)
	return name == "key" || slices.ContainsFunc(secretNames, func(part string) bool { return strings.Contains(name, part) })
}

// maskedHeaders lists headers by name, credentials masked. The scheme of an
// Authorization header stays: it says how the sender authenticates.
func maskedHeaders(h http.Header) []header {
	list := []header{}
	for name, values := range h {
		for _, value := range values {
			secret := isSecret(name)
			if scheme, _, found := strings.Cut(value, " "); secret && found && strings.HasSuffix(name, "Authorization") {
				value = scheme + " " + masked
			} else if secret {
				value = masked
			}
			list = append(list, header{name, value, secret})
		}
	}
	slices.SortStableFunc(list, func(a, b header) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// maskedURL masks the credentials of a query. A query that cannot be parsed is
// masked as a whole.
func maskedURL(raw string) string {
	path, query, found := strings.Cut(raw, "?")
	if !found {
		return raw
	}
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		switch {
		case err != nil:
			part = masked
		case isSecret(plain):
			part = name + "=" + masked
		}
		parts = append(parts, part)
	}
	return path + "?" + strings.Join(parts, "&")
}
