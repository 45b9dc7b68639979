package redact

const (
	// maxRounds bounds how many escapes around escapes are removed.
	maxRounds = 5
	// maxDecodes bounds how many encodings around encodings are decoded, such as the base64 of a
	// JSON that contains the Basic credentials of a request.
	maxDecodes = 3
	// maxWork bounds the bytes that are looked at, in all views, as a multiple of the text's length
	// and of minWork. An ordinary text takes two to five.
	maxWork = 32
	minWork = 1 << 10
)

// search looks for secrets in a text, in every form that they can be read from.
type search struct {
	known *automaton
	cut   bool // the text may end within a secret
	found []span
	work  int // bytes that may still be looked at; negative: the text is too intricate to search

	decoded decoded // a buffer
}

// newSearch returns a search in a text of some length.
func newSearch(known *automaton, cut bool, length int) search {
	return search{known: known, cut: cut, work: maxWork * max(length, minWork)}
}

// look adds the spans of secrets in v, in what v says without its escapes, and in what is encoded
// in any of these.
func (s *search) look(v view, decodes int) {
	for range maxRounds {
		if s.work -= len(v.text); s.work < 0 {
			return
		}
		s.find(v)
		if s.cut {
			v = v.whole()
			s.find(v)
		}
		for _, folded := range v.folds() {
			s.find(folded)
		}
		if decodes > 0 {
			s.decode(v, decodes-1)
		}
		next, escaped := v.unescape()
		if !escaped {
			return
		}
		v = next
	}
}

// decode looks for secrets in what is encoded in v.
func (s *search) decode(v view, decodes int) {
	for _, a := range alphabets {
		begun := a.begun
		if !s.cut {
			begun = len(v.text) + 1
		}
		for skip := range a.period {
			s.decoded.read(a, v.text, skip)
			if s.decoded.promising(s.known, begun) {
				s.lookDecoded(s.decoded.view(v, a), decodes)
			}
		}
	}
}

func (s *search) lookDecoded(v view, decodes int) {
	s.find(v)
	if narrow, wide := v.replace("\x00", withoutNUL); wide {
		s.find(narrow)
	}
	s.look(v.readable(), decodes)
}

func (s *search) find(v view) {
	found, begun := v.find(s.known)
	s.found = append(s.found, found...)
	if s.cut {
		s.found = append(s.found, begun...)
	}
}
