package redact

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

// minPart is the shortest word of a longer secret that is masked by itself:
// long enough to pass over "Basic" and most words of a message.
const minPart = 8

// forms returns a secret in every form in which it could come back, but for
// escapes, which unit looks behind: those are taken from the forms as well.
func forms(secret string) (found []string) {
	for _, part := range parts(secret) {
		if len(part) < minSecret {
			continue
		}
		for _, form := range append(base64Forms(part), part, hex.EncodeToString([]byte(part)), strings.ToUpper(hex.EncodeToString([]byte(part)))) {
			for _, form := range []string{form, unescaped(form)} {
				if len(form) >= minSecret {
					found = append(found, form)
				}
			}
		}
	}
	return found
}

// unescaped is a form as it reads in the last view of a text.
func unescaped(form string) string {
	v, escaped := newView(form), true
	for round := 0; escaped && round < maxRounds; round++ {
		v, escaped = v.unescape()
	}
	return v.text
}

// scheme is what stands before the token of an Authorization header (RFC 9110, section 11.4).
var scheme = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+ +")

// parts returns the secret and what gives it away alone: its words (a PEM block's
// lines), what follows an authentication scheme, the key behind a Standard
// Webhooks prefix, and the password inside Basic credentials.
func parts(secret string) []string {
	found := []string{secret, scheme.ReplaceAllString(secret, "")}
	for _, word := range strings.Fields(secret) {
		if len(word) >= minPart {
			found = append(found, word)
		}
	}
	if key, ok := strings.CutPrefix(secret, "whsec_"); ok {
		found = append(found, key)
	}
	return append(found, basicParts(secret)...)
}

// basicParts returns the decoded credentials of an "Authorization: Basic"
// header value and the password in them (RFC 7617).
func basicParts(header string) []string {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") {
		return nil
	}
	credentials, err := base64.StdEncoding.DecodeString(strings.TrimSpace(token))
	if err != nil {
		return nil
	}
	_, password, _ := strings.Cut(string(credentials), ":")
	return []string{string(credentials), password}
}

// base64Forms returns the secret's base64, and the characters it leaves in the
// base64 of a longer text that has it inside, such as "user:password": one run
// for each of the three places it can have in a group of three bytes.
func base64Forms(secret string) []string {
	forms := []string{
		base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.RawStdEncoding.EncodeToString([]byte(secret)),
	}
	for before := range 3 {
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...))
		first := (before*8 + 5) / 6           // the first character of the secret's bits alone
		end := (before + len(secret)) * 8 / 6 // behind the last one
		forms = append(forms, text[first:end])
	}
	for _, form := range forms[:len(forms):len(forms)] {
		forms = append(forms, strings.NewReplacer("+", "-", "/", "_").Replace(form))
	}
	return forms
}
