package redact

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// minSecret is the shortest value that is masked. Anything shorter occurs in
	// ordinary words and numbers, and masking it makes messages unreadable.
	minSecret = 4
	// maxLearned is how many of the values that come and go are masked: a token
	// may be in use by requests in flight while the next ones are fetched.
	maxLearned = 4
)

// Redactor masks known secrets in text. It is safe for concurrent use. A nil
// Redactor returns text unchanged.
//
// It sees whole values only: redact first and cut to length afterwards, or the
// half of a secret that survives the cut is shown. For text that others have cut
// there is [Redactor.Cut].
type Redactor struct {
	mu      sync.Mutex // held by Add and Learn
	added   []string   // forms; guarded by mu
	learned [][]string // forms of each value, the latest last; guarded by mu
	known   atomic.Pointer[automaton]
}

// New returns a Redactor for the given values; see [Redactor.Add].
func New(secrets ...string) *Redactor {
	r := new(Redactor)
	r.Add(secrets...)
	return r
}

// Add teaches the Redactor secrets for good: the values, their telling parts (the
// token behind "Bearer", the lines of a PEM block), their base64 and their
// hexadecimal digits, however any of these are escaped. Values shorter than 4
// bytes are ignored.
func (r *Redactor) Add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range secrets {
		r.added = append(r.added, forms(secret)...)
	}
	r.compile()
}

// Learn is Add for a value that is replaced in time, such as an OAuth2 token: the
// last 4 of them are known.
func (r *Redactor) Learn(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.learned = append(r.learned, forms(secret))
	r.learned = slices.Delete(r.learned, 0, max(0, len(r.learned)-maxLearned))
	r.compile()
}

func (r *Redactor) compile() {
	r.known.Store(newAutomaton(append(slices.Concat(r.learned...), r.added...)))
}

// String returns s with every secret masked.
func (r *Redactor) String(s string) string { return r.mask(s, false) }

// Bytes returns b with every secret masked.
func (r *Redactor) Bytes(b []byte) []byte { return []byte(r.mask(string(b), false)) }

// Cut is String for text that broke off, or that somebody else has cut: its end
// is masked too if that could be the beginning of a secret.
func (r *Redactor) Cut(s string) string { return r.mask(s, true) }

// maxRounds bounds how many escapes around escapes are looked behind.
const maxRounds = 5

func (r *Redactor) mask(s string, cut bool) string {
	if r == nil {
		return s
	}
	known := r.known.Load()
	var found []span
	v, escaped := newView(s), true
	for round := 0; escaped && round < maxRounds; round++ {
		whole, begun := v.find(known)
		found = append(found, whole...)
		if cut {
			v = v.whole()
			_, before := v.find(known)
			found = append(append(found, begun...), before...)
		}
		v, escaped = v.unescape()
	}
	return cover(s, found)
}

// span is a part of a text.
type span struct{ from, to int }

// cover puts a Mask in the place of spans, those that overlap or touch sharing one.
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
