package redact

import (
	"net/url"
	"strings"
)

// minToken is the shortest path segment or query value that counts as a token:
// "webhooks" and "v1" are names, not secrets.
const minToken = 12

// URL returns the parts of an address that are secrets or could be: password,
// path, query, and the tokens in the latter two. Hand them to [New]. A scheme
// may be missing, as it often is in the address of a proxy.
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
	found = append(found, u.RawQuery, u.Fragment)
	return append(found, tokens(u)...)
}

func tokens(u *url.URL) []string {
	candidates := strings.Split(u.Path, "/")
	for _, values := range u.Query() {
		candidates = append(candidates, values...)
	}
	var found []string
	for _, candidate := range candidates {
		if len(candidate) >= minToken {
			found = append(found, candidate)
		}
	}
	return found
}
