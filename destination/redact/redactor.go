package redact

import (
	"cmp"
	"slices"
	"strings"
)

// minSecret is the shortest value that is masked. Anything shorter occurs in
// ordinary words and numbers, and masking it makes messages unreadable.
const minSecret = 4

// Redactor masks known secrets in text. It is immutable after [New] and safe
// for concurrent use. A nil Redactor returns text unchanged.
//
// It sees whole values only: redact first and cut to length afterwards, or the
// half of a secret that survives the cut is shown.
type Redactor struct {
	replacer *strings.Replacer
}

// New returns a Redactor for the given values, their telling parts (the token
// behind "Bearer", the lines of a PEM block) and the encodings in which either
// could come back: base64, percent-encoding, JSON, HTML and Go quoting.
// Values shorter than 4 bytes are ignored.
func New(secrets ...string) *Redactor {
	var forms []string
	for _, secret := range secrets {
		for _, part := range parts(secret) {
			forms = append(forms, encodings(part)...)
		}
	}
	forms = slices.DeleteFunc(forms, func(form string) bool { return len(form) < minSecret })
	slices.SortFunc(forms, longestFirst)
	forms = slices.Compact(forms)
	if len(forms) == 0 {
		return nil
	}
	return &Redactor{replacer: strings.NewReplacer(pairs(forms)...)}
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
	return r.replacer.Replace(s)
}

// Bytes returns b with every secret masked. The result may share b's memory;
// b itself is never written to.
func (r *Redactor) Bytes(b []byte) []byte {
	if r == nil {
		return b
	}
	text := string(b)
	masked := r.replacer.Replace(text)
	if masked == text {
		return b
	}
	return []byte(masked)
}
