package redact

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// minSecret is the shortest value that is masked, in bytes. Anything shorter occurs in ordinary
	// words and numbers, and masking it would make messages unreadable.
	minSecret = 4
	// maxLearned is how many of the values that are replaced in time are masked: requests in flight
	// may use a token while the next ones are fetched.
	maxLearned = 4
)

// Redactor masks known secrets in text. It is safe for concurrent use. A nil Redactor returns text
// unchanged.
//
// It recognises whole values only. Redact first and cut to length afterwards, or the part of a
// secret that survives the cut is shown. For text that others have cut use [Redactor.Cut].
type Redactor struct {
	mu      sync.Mutex                // held by Add and Learn
	added   []string                  // forms; guarded by mu
	learned [][]string                // forms of each value, the latest last; guarded by mu
	known   atomic.Pointer[automaton] // of all of them; nil until it is needed
}

// New returns a Redactor for the given values; see [Redactor.Add].
func New(secrets ...string) *Redactor {
	r := new(Redactor)
	r.Add(secrets...)
	return r
}

// Add teaches the Redactor secrets for good: the values and the parts that disclose them (the token
// after "Bearer", the value of a cookie, the lines of a PEM block), however they are escaped and
// encoded. Values shorter than 4 bytes are ignored, and of longer ones the first 16 KiB are known.
func (r *Redactor) Add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range secrets {
		r.added = append(r.added, forms(secret)...)
	}
	r.known.Store(nil)
}

// Learn is Add for a value that is replaced in time, such as an OAuth2 token. The last 4 are known.
func (r *Redactor) Learn(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.learned = append(r.learned, forms(secret))
	r.learned = slices.Delete(r.learned, 0, max(0, len(r.learned)-maxLearned))
	r.known.Store(nil)
}

// automaton returns that of all secrets so far. It is made when a text is masked, not with every
// Add, so that there is one at a time.
func (r *Redactor) automaton() *automaton {
	if known := r.known.Load(); known != nil {
		return known
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known.Load() == nil {
		r.known.Store(newAutomaton(append(slices.Concat(r.learned...), r.added...)))
	}
	return r.known.Load()
}

// String returns s with every secret masked.
func (r *Redactor) String(s string) string { return r.mask(s, false) }

// Cut is String for text that broke off or that somebody else has cut. It also masks the end of the
// text if a secret could begin there.
func (r *Redactor) Cut(s string) string { return r.mask(s, true) }

func (r *Redactor) mask(text string, cut bool) string {
	if r == nil {
		return text
	}
	s := newSearch(r.automaton(), cut, len(text))
	s.look(newView(text), maxDecodes)
	if s.work < 0 { // nobody writes such a text but to hide something in it
		return Mask
	}
	return cover(text, s.found)
}

// span is a part of a text.
type span struct{ from, to int }

// cover replaces spans by a Mask. Spans that overlap or touch share one.
func cover(s string, spans []span) string {
	if len(spans) == 0 {
		return s
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	end := 0
	for i, c := range spans {
		if i == 0 || c.from > end {
			b.WriteString(s[end:c.from])
			b.WriteString(Mask)
		}
		end = max(end, c.to)
	}
	b.WriteString(s[end:])
	return b.String()
}
