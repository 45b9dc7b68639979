package redact

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// minSecret is the shortest value that is masked. Anything shorter occurs in
// ordinary words and numbers, and masking it makes messages unreadable.
const minSecret = 4

// Redactor masks known secrets in text. It is safe for concurrent use. A nil
// Redactor returns text unchanged.
//
// It sees whole values only: redact first and cut to length afterwards, or the
// half of a secret that survives the cut is shown.
type Redactor struct {
	mu       sync.Mutex // held by Add
	forms    []string   // longest first, without duplicates; guarded by mu
	replacer atomic.Pointer[strings.Replacer]
}

// New returns a Redactor for the given values; see [Redactor.Add].
func New(secrets ...string) *Redactor {
	r := new(Redactor)
	r.replacer.Store(strings.NewReplacer())
	r.Add(secrets...)
	return r
}

// Add teaches the Redactor secrets that come up later, such as an OAuth2 token:
// the values, their telling parts (the token behind "Bearer", the lines of a PEM
// block) and the encodings in which either could come back: base64,
// percent-encoding, JSON, HTML and Go quoting. Values shorter than 4 bytes are
// ignored.
func (r *Redactor) Add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range secrets {
		for _, part := range parts(secret) {
			r.forms = append(r.forms, encodings(part)...)
		}
	}
	r.forms = slices.DeleteFunc(r.forms, func(form string) bool { return len(form) < minSecret })
	slices.SortFunc(r.forms, longestFirst)
	r.forms = slices.Compact(r.forms)
	r.replacer.Store(strings.NewReplacer(pairs(r.forms)...))
}

// longestFirst orders forms so that the Replacer, which tries them in order,
// masks the whole of a value and not only a part of it.
func longestFirst(a, b string) int {
	return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
}

func pairs(forms []string) []string {
	oldnew := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		oldnew = append(oldnew, form, Mask)
	}
	return oldnew
}

// String returns s with every secret masked.
func (r *Redactor) String(s string) string {
	if r == nil {
		return s
	}
	return r.replacer.Load().Replace(s)
}

// Bytes returns b with every secret masked. The result may share b's memory;
// b itself is never written to.
func (r *Redactor) Bytes(b []byte) []byte {
	if r == nil {
		return b
	}
	text := string(b)
	masked := r.replacer.Load().Replace(text)
	if masked == text {
		return b
	}
	return []byte(masked)
}
