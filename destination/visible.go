package destination

import (
	"strconv"
	"strings"
	"unicode"
)

// Visible returns text with what could act on a terminal as its Go escape. It is the last step before a person reads a
// text: what others say is escaped where it comes in, and this holds for what was missed. Line ends and tabs stay, as our
// own texts have them.
func Visible(text string) string {
	if strings.IndexFunc(text, hidden) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// hidden are control characters and those that turn or hide their neighbours.
func hidden(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}
