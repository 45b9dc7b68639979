package receiver

import "unicode/utf8"

// What is kept and shown of texts from the wire, in bytes: a sender must not fill
// the memory, the page or the terminal with them.
const (
	longestName    = 200
	longestQuote   = 200
	longestURL     = 500
	longestProblem = 1000
)

// short cuts a text at a whole character.
func short(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return string([]byte(s[:limit])) + "…" // a copy lets go of the rest
}
