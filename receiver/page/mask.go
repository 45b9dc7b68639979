package page

import (
	"net/http"
	"slices"
	"strings"

	"destination-webhook/receiver/journal"
)

// masked replaces a value that the page does not show.
const masked = "••••••••"

// header is one header as the page shows it.
type header struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Masked bool   `json:"masked"`
}

// maskedHeaders lists headers by name, unknown ones masked. It shows the scheme of an Authorization
// header, which says how the sender authenticates.
func maskedHeaders(h http.Header) []header {
	list := []header{}
	for name, values := range h {
		shown := !journal.SecretHeader(name)
		for _, value := range values {
			if scheme, _, found := strings.Cut(value, " "); !shown && found && strings.HasSuffix(name, "Authorization") {
				value = scheme + " " + masked
			} else if !shown {
				value = masked
			}
			list = append(list, header{name, value, !shown})
		}
	}
	slices.SortStableFunc(list, func(a, b header) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// maskedURL masks every value of a query, and a query without names as a whole.
func maskedURL(raw string) string {
	path, query, found := strings.Cut(raw, "?")
	if !found {
		return raw
	}
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		if name, _, found := strings.Cut(part, "="); found {
			part = name + "=" + masked
		} else {
			part = masked
		}
		parts = append(parts, part)
	}
	return path + "?" + strings.Join(parts, "&")
}
