package redact

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// minPart is the shortest part of a longer secret that is masked by itself, in bytes: long enough
// to leave "Basic" and most words of a message alone.
const minPart = 8

// maxSecret is how much of a secret is known, in bytes. The config takes no longer ones.
const maxSecret = 16 << 10

// forms returns the texts by which a secret is found once escapes and encodings are removed.
func forms(secret string) (found []string) {
	secret = secret[:min(len(secret), maxSecret)]
	for _, part := range parts(secret) {
		plain := unescaped(part)
		for _, form := range []string{part, plain, strings.ReplaceAll(part, "+", " "), strings.ReplaceAll(plain, "+", " ")} {
			found = append(append(found, form), halves(form)...)
		}
	}
	slices.Sort(found)
	return slices.DeleteFunc(slices.Compact(found), func(form string) bool { return len(form) < minSecret })
}

// Weight returns how many bytes the texts have by which secrets are found. A [Redactor]'s memory is
// in proportion to it, about 20 bytes for each. It stops counting beyond the limit.
func Weight(limit int, secrets ...string) (weight int) {
	known := make(map[string]bool)
	for _, secret := range secrets {
		for _, form := range forms(secret) {
			if !known[form] {
				known[form] = true
				weight += len(form)
			}
		}
		if weight > limit {
			break
		}
	}
	return weight
}

// unescaped is a form as it reads in the last view of a text.
func unescaped(form string) string {
	v, escaped := newView(form), true
	for round := 0; escaped && round < maxRounds; round++ {
		v, escaped = v.unescape()
	}
	return v.text
}

// halves returns a form as it reads in UTF-16, little and big endian, without the NULs in there.
// For ASCII that is the form itself.
func halves(form string) []string {
	if strings.IndexFunc(form, func(r rune) bool { return r > 0x7F }) < 0 {
		return nil
	}
	var little, big []byte
	for _, unit := range utf16.Encode([]rune(form)) {
		low, high := byte(unit), byte(unit>>8) //nolint:gosec // the halves of a code unit
		little, big = append(little, low, high), append(big, high, low)
	}
	withoutNUL := func(b []byte) string { return strings.ReplaceAll(string(b), "\x00", "") }
	return []string{withoutNUL(little), withoutNUL(big)}
}

// scheme is what precedes the token of an Authorization header (RFC 9110, section 11.4).
var scheme = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+ +")

// parts returns the secret and what discloses it alone: the token after an authentication scheme,
// the key after a Standard Webhooks prefix, Basic credentials, and its longer parts, such as the
// value of a cookie, the signature in a connection string, the password of a pair and the lines of
// a PEM block.
func parts(secret string) []string {
	found := []string{secret, scheme.ReplaceAllString(secret, "")}
	for _, prefix := range keyPrefixes {
		if key, ok := strings.CutPrefix(secret, prefix); ok {
			found = append(found, key)
		}
	}
	found = append(found, basicParts(secret)...)
	for _, text := range []string{secret, unescaped(secret)} {
		found = append(found, split(text)...)
	}
	return found
}

// keyPrefixes are those of the keys of Standard Webhooks.
var keyPrefixes = []string{"whsec_", "whsk_"}

// split returns the words of a text, and what is between the delimiters of pairs, lists, paths and
// queries, from minPart on. What begins with a slash is the path of a URL: [URL] knows which of its
// segments are words.
func split(text string) (found []string) {
	delimiters := "=;,:\"/&"
	if strings.HasPrefix(text, "/") {
		delimiters = "=;,:\"&"
	}
	delimiter := func(r rune) bool { return strings.ContainsRune(delimiters, r) }
	for _, word := range strings.Fields(text) {
		for _, part := range append(strings.FieldsFunc(word, delimiter), word) {
			if len(part) >= minPart {
				found = append(found, part)
			}
		}
	}
	return found
}

// basicParts returns what an "Authorization: Basic" header discloses (RFC 7617): the credentials,
// the password in them, and the user if there is no password or if it is long enough for an API
// key.
func basicParts(header string) []string {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") {
		return nil
	}
	token = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(strings.TrimSpace(token), "="))
	credentials, err := base64.RawStdEncoding.DecodeString(token)
	if err != nil {
		return nil
	}
	return Basic(string(credentials))
}

// Basic returns the secrets in Basic credentials, "user:password". The user is one if there is no
// password or if it is long enough for an API key.
func Basic(credentials string) []string {
	user, password, _ := strings.Cut(credentials, ":")
	found := []string{credentials, password}
	if password == "" || len(user) >= minPart {
		found = append(found, user)
	}
	return found
}
