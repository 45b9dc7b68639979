package redact

import (
	"net/url"
	"path"
	"strings"
	"unicode"
)

const (
	// minSegment is the shortest path segment that is masked by itself if it has a digit or an
	// upper-case letter, minWord if it has none: "webhooks", "v1" and "customers" are words, and
	// often the names of streams as well.
	minSegment = 8
	minWord    = 12
)

// URL returns the parts of an address that are secrets or could be: credentials, path, query, the
// tokens in the path, and the names and values of the query. Hand them to [New]. The scheme may be
// missing, as it often is in the address of a proxy.
func URL(address string) []string {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return []string{address, strings.TrimPrefix(address, "http://")}
	}
	password, _ := u.User.Password()
	found := append(Basic(u.User.Username()+":"+password), u.User.String())
	if len(u.Path) > minSecret {
		found = append(found, u.EscapedPath(), u.Path)
	}
	return append(append(found, u.RawQuery, u.Fragment), tokensOf(u)...)
}

// Tokens returns the parts of an address that could be secrets by themselves: the tokens in the
// path, and the names and values of the query. It is URL for an address that no request has as a
// whole.
func Tokens(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return []string{address}
	}
	return tokensOf(u)
}

func tokensOf(u *url.URL) (found []string) {
	for segment := range strings.SplitSeq(u.Path, "/") {
		found = append(found, tokens(segment)...)
	}
	return append(found, queryParts(u.RawQuery)...)
}

// tokens returns what could be a token in a path segment: the segment, without its file extension,
// and without the word in front of it, as in "bot123:secret".
func tokens(segment string) (found []string) {
	bare := strings.TrimSuffix(segment, path.Ext(segment))
	for _, token := range []string{segment, bare, strings.TrimLeft(segment, "abcdefghijklmnopqrstuvwxyz")} {
		if len(token) >= minWord || len(token) >= minSegment && strings.ContainsFunc(token, digitOrUpper) {
			found = append(found, token)
		}
	}
	return found
}

func digitOrUpper(r rune) bool { return unicode.IsDigit(r) || unicode.IsUpper(r) }

// queryParts returns the names and values of a query. It is more tolerant than [url.ParseQuery],
// which drops what has a semicolon or a wrong escape: a server may read it.
func queryParts(query string) (found []string) {
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		if value == "" || len(name) >= minPart {
			found = append(found, name)
		}
		if value != "true" && value != "false" && value != "json" {
			found = append(found, value)
		}
	}
	return found
}
