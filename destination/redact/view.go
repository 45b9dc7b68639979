package redact

import (
	"regexp"
	"strings"
)

// view is a text with some of its escapes and encodings removed. It knows which part of the
// original each byte comes from.
type view struct {
	text string
	from []span // nil: the view is the original
	end  int    // of the original
	// Shortest beginning of a secret that is masked at the end of a cut text, in bytes of text.
	begun int
}

func newView(s string) view {
	return view{text: s, end: len(s), begun: minSecret}
}

// at returns the part of the original that the byte at i comes from.
func (v view) at(i int) span {
	if v.from == nil {
		return span{i, i + 1}
	}
	return v.from[i]
}

// unescape returns the view without its outermost escapes, and reports whether it had any.
func (v view) unescape() (next view, escaped bool) {
	return v.replace(escapes, unit)
}

// folds returns the view as some formats would read it: a plus is the blank of a query, doubled
// quotes are one, as in CSV and SQL, or both.
func (v view) folds() (folded []view) {
	if spaced, changed := v.replace("+", plusAsBlank); changed {
		folded = append(folded, spaced)
	}
	if !strings.Contains(v.text, `""`) && !strings.Contains(v.text, "''") {
		return folded
	}
	for _, v := range append(folded, v) {
		single, _ := v.replace(`"'`, singleQuote)
		folded = append(folded, single)
	}
	return folded
}

func plusAsBlank(s string) (plain string, n int) {
	if s[0] == '+' {
		return " ", 1
	}
	return s[:1], 1
}

func singleQuote(s string) (plain string, n int) {
	if len(s) > 1 && s[0] == s[1] && (s[0] == '"' || s[0] == '\'') {
		return s[:1], 2
	}
	return s[:1], 1
}

// withoutNUL reads one byte of s, for [view.replace]: what is not text after decoding may be
// UTF-16.
func withoutNUL(s string) (plain string, n int) {
	if s[0] == 0 {
		return "", 1
	}
	return s[:1], 1
}

// replace returns the view with each unit replaced by what read says that it means, and
// reports whether any was. read is only called if there is one of the characters.
func (v view) replace(characters string, read func(string) (plain string, n int)) (next view, changed bool) {
	if !strings.ContainsAny(v.text, characters) {
		return v, false
	}
	next = view{from: make([]span, 0, len(v.text)), end: v.end, begun: v.begun}
	text := make([]byte, 0, len(v.text))
	for i := 0; i < len(v.text); {
		plain, n := read(v.text[i:])
		changed = changed || plain != v.text[i:i+n]
		for range len(plain) {
			next.from = append(next.from, span{v.at(i).from, v.at(i + n - 1).to})
		}
		text = append(text, plain...)
		i += n
	}
	next.text = string(text)
	return next, changed
}

// brokenEscape matches an escape at the end of a text that was cut, which may also have been the
// first half of a surrogate pair.
var brokenEscape = regexp.MustCompile(
	`(?:(?:[\\%]+u[dD][89abAB][0-9A-Fa-f]{2})?[\\%]+(?:[uUx]\{?[0-9A-Fa-f]{0,8}|[0-7]{0,2})?|%[0-9A-Fa-f]?|&#?[0-9A-Za-z]{0,31})$`)

// whole returns the view without an escape that was cut at its end.
func (v view) whole() view {
	last := v.text[max(0, len(v.text)-64):] // few escapes are longer
	n := len(v.text) - len(brokenEscape.FindString(last))
	v.text = v.text[:n]
	return v
}

// find returns where the original has a form, and where its end could be the beginning of one.
func (v view) find(a *automaton) (found, begun []span) {
	n := a.find(v.text, func(from, to int) {
		found = append(found, span{v.at(from).from, v.at(to - 1).to})
	})
	if n >= v.begun {
		begun = []span{{v.at(len(v.text) - n).from, v.end}}
	}
	return found, begun
}
