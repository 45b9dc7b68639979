package delivery

import (
	"strconv"
	"strings"
	"unicode"
)

// maxExcerpt bounds what a message shows of an answer, in bytes.
const maxExcerpt = 1 << 10

// Excerpt is the beginning of an answer's body, or of a text in it, fit for a
// message. Secrets are masked before anything is cut or escaped: half a secret
// would not be recognised.
func Excerpt(body []byte, redact func(string) string) string {
	return Visible(strings.TrimSpace(redact(string(body))), maxExcerpt)
}

// Visible is at most limit bytes of s in which nothing can act on a terminal
// or hide: what is not printable is shown as its Go escape, what is not UTF-8
// as U+FFFD.
func Visible(s string, limit int) string {
	const more = "…"
	var b strings.Builder
	cut := 0 // where more still fits
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		if b.Len() > limit {
			return b.String()[:cut] + more
		}
		if b.Len() <= limit-len(more) {
			cut = b.Len()
		}
	}
	return b.String()
}
