package redact

import (
	"regexp"
	"strings"
)

// view is a text as it reads without some of its escapes, and where in the
// original each byte of it comes from.
type view struct {
	text string
	from []span
	end  int // of the original
}

func newView(s string) view {
	v := view{text: s, from: make([]span, len(s)), end: len(s)}
	for i := range v.from {
		v.from[i] = span{i, i + 1}
	}
	return v
}

// unescape returns the view without its outermost escapes; escaped says whether
// it had any.
func (v view) unescape() (next view, escaped bool) {
	if !strings.ContainsAny(v.text, escapes) {
		return v, false
	}
	next = view{from: make([]span, 0, len(v.text)), end: v.end}
	text := make([]byte, 0, len(v.text))
	for i := 0; i < len(v.text); {
		plain, n := unit(v.text[i:])
		escaped = escaped || plain != v.text[i:i+n]
		for range len(plain) {
			next.from = append(next.from, span{v.from[i].from, v.from[i+n-1].to})
		}
		text = append(text, plain...)
		i += n
	}
	next.text = string(text)
	return next, escaped
}

// torn is an escape at the end of a text that may go on behind it, as the second
// half of a pair of surrogates may.
var torn = regexp.MustCompile(`(?:(?:\\+u[dD][89abAB][0-9A-Fa-f]{2})?\\+(?:[uUx][0-9A-Fa-f]{0,8})?|%[0-9A-Fa-f]?|&#?[0-9A-Za-z]{0,31})$`)

// whole returns the view without an escape that broke off.
func (v view) whole() view {
	last := v.text[max(0, len(v.text)-64):] // few escapes are longer
	n := len(v.text) - len(torn.FindString(last))
	return view{v.text[:n], v.from[:n], v.end}
}

// find returns where the original has a form, and where its end could be the
// beginning of one.
func (v view) find(a *automaton) (found, begun []span) {
	n := a.find(v.text, func(from, to int) {
		found = append(found, span{v.from[from].from, v.from[to-1].to})
	})
	if n >= minSecret {
		begun = []span{{v.from[len(v.from)-n].from, v.end}}
	}
	return found, begun
}
