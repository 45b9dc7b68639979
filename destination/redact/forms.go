package redact

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// minPart is the shortest word of a longer secret that is masked by itself:
// long enough to pass over "Bearer", "Basic" and most words of a message.
const minPart = 8

// parts returns the secret and what gives it away alone: its words (a header
// value's token, a PEM block's lines), the key behind a Standard Webhooks
// prefix, and the password inside Basic credentials.
func parts(secret string) []string {
	found := []string{secret}
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

// encodings returns a secret in every form in which it could come back.
func encodings(secret string) []string {
	if len(secret) < minSecret {
		return nil
	}
	forms := []string{
		secret,
		html.EscapeString(secret),
		unquoted(strconv.Quote(secret)),
		unquoted(strconv.QuoteToASCII(secret)),
	}
	if escaped, err := json.Marshal(secret); err == nil {
		forms = append(forms, unquoted(string(escaped)), slashes(unquoted(string(escaped))))
	}
	forms = append(forms, percentForms(secret)...)
	return append(forms, base64Forms(secret)...)
}

func unquoted(quoted string) string { return quoted[1 : len(quoted)-1] }

// slashes escapes "/" as PHP's json_encode does.
func slashes(escaped string) string { return strings.ReplaceAll(escaped, "/", `\/`) }

var percentEscape = regexp.MustCompile(`%[0-9A-F]{2}`)

// percentForms returns the secret escaped for a path and for a query, in both
// spellings of the hexadecimal digits (RFC 3986 allows either).
func percentForms(secret string) []string {
	var forms []string
	for _, form := range []string{url.PathEscape(secret), url.QueryEscape(secret)} {
		lower := percentEscape.ReplaceAllStringFunc(form, strings.ToLower)
		forms = append(forms, form, lower)
	}
	return forms
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
