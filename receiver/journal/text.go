package journal

import "unicode/utf8"

// Limits of texts from the wire, in bytes: a sender must not be able to fill the memory, the page
// or the terminal with them.
const (
	maxName    = 200
	maxQuote   = 200
	maxAnswer  = 4096
	MaxURL     = 500
	MaxProblem = 1000
)

// Short cuts a text at a whole character.
func Short(s string, limit int) string {
	cut, was := Cut([]byte(s), limit)
	if !was {
		return s
	}
	return cut + "…"
}

// Cut copies at most limit bytes of b, up to a whole character, and reports whether there are more.
func Cut(b []byte, limit int) (text string, cut bool) {
	if len(b) <= limit {
		return string(b), false
	}
	for limit > 0 && !utf8.RuneStart(b[limit]) {
		limit--
	}
	return string(b[:limit]), true
}
