// Package printable makes text that others wrote safe to show in a log and on a terminal. It knows
// nothing of where a text comes from, and of secrets only the function that masks them.
package printable

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxExcerpt bounds what a message shows of an answer, in bytes.
const MaxExcerpt = 1 << 10

// Excerpt returns the beginning of an answer's body, or of a text in it, for a message. Secrets are
// masked before anything is cut or escaped: half a secret would not be recognised.
func Excerpt(body []byte, redact func(string) string) string {
	return Line(strings.TrimSpace(redact(string(body))), MaxExcerpt)
}

// Line returns at most limit bytes of text as one line in which nothing can act on a terminal or
// hide: what is not printable is shown as its Go escape, what is not UTF-8 as U+FFFD.
func Line(text string, limit int) string {
	const more = "…"
	var b strings.Builder
	cut := 0 // where more still fits
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(escape(r))
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

// Text returns text of any length with what could act on a terminal as its Go escape. Line ends and
// tabs stay, as our own texts have them. It is the last step before a person reads a message:
// foreign text is escaped by Line where it comes in, and Text catches what was missed.
func Text(text string) string {
	if strings.IndexFunc(text, acts) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if acts(r) {
			b.WriteString(escape(r))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Name returns a name that a source chose. It is quoted if it could act on a terminal or forge a
// line of a log.
func Name(name string) string {
	if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}

// acts reports whether r is a control character, or one that turns or hides its neighbours.
func acts(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}

// escape returns r as Go writes it in a string.
func escape(r rune) string {
	quoted := strconv.QuoteRune(r)
	return quoted[1 : len(quoted)-1]
}
