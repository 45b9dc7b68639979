package redact

import (
	"net/url"
	"strings"
	"unicode"
)

const (
	// minSegment is the shortest path segment that counts as a token where it has
	// a digit or an upper-case letter, minWord where it has none: "webhooks", "v1"
	// and "customers" are names, and often those of streams as well.
	minSegment = 8
	minWord    = 12
)

// URL returns the parts of an address that are secrets or could be: password,
// path, query, the tokens in the path, and the query's values. Hand them to
// [New]. A scheme may be missing, as it often is in the address of a proxy.
func URL(address string) []string {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return []string{address, strings.TrimPrefix(address, "http://")}
	}
	var found []string
	if password, ok := u.User.Password(); ok {
		found = append(found, password, u.User.String())
	} else { // "https://token@host": the user is the secret
		found = append(found, u.User.Username())
	}
	if len(u.Path) > minSecret {
		found = append(found, u.EscapedPath(), u.Path)
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if len(segment) >= minWord || len(segment) >= minSegment && strings.ContainsFunc(segment, digitOrUpper) {
			found = append(found, segment)
		}
	}
	found = append(found, u.RawQuery, u.Fragment)
	for _, values := range u.Query() {
		for _, value := range values {
			if value != "true" && value != "false" && value != "json" {
				found = append(found, value)
			}
		}
	}
	return found
}

func digitOrUpper(r rune) bool { return unicode.IsDigit(r) || unicode.IsUpper(r) }
