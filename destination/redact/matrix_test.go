package redact_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"destination-webhook/destination/redact"
)

const (
	token   = `Tok3n/of+the_"<müßig>'&config`
	letters = "correcthorsebattery"
	ascii   = "AKIA7x9-plain_Token.42"
)

// shapes are configured values, and the part of each that an endpoint may repeat. To cover another
// kind of secret add a line.
var shapes = []struct {
	name    string
	learned []string
	leak    string
}{
	{"a value", []string{token}, token},
	{"a word", []string{letters}, letters},
	{"an ASCII value", []string{ascii}, ascii},
	{"Bearer", []string{"Bearer " + ascii}, ascii},
	{"Token token=", []string{`Token token="` + ascii + `"`}, ascii},
	{"Cookie", []string{"theme=dark; sid=" + ascii + "; a=b"}, ascii},
	{"SharedAccessSignature", []string{"SharedAccessSignature sr=ex.net&sig=a1b2C3d4%2Be5%2F6%3D&se=1700000000"}, "a1b2C3d4+e5/6="},
	{"the same, as it is sent", []string{"SharedAccessSignature sr=ex.net&sig=a1b2C3d4%2Be5%2F6%3D&se=1700000000"}, "a1b2C3d4%2Be5%2F6%3D"},
	{"user:key", []string{"joe:" + ascii}, ascii},
	{"JSON", []string{`{"type":"service","key":"` + ascii + `","n":1}`}, ascii},
	{"Basic, padded", []string{"Basic " + base64.StdEncoding.EncodeToString([]byte("joe:"+token))}, token},
	{"Basic, unpadded", []string{"Basic " + base64.RawStdEncoding.EncodeToString([]byte("joe:"+token))}, token},
	{"Basic, URL-safe", []string{"basic " + base64.URLEncoding.EncodeToString([]byte("joe:"+token))}, token},
	{"Basic without a password", []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(ascii+":"))}, ascii},
	{"Basic with the key as user", redact.Basic(ascii + ":x"), ascii},
	{"Basic credentials as sent", redact.Basic("joe:" + ascii), base64.StdEncoding.EncodeToString([]byte("joe:" + ascii))},
	{"Standard Webhooks", []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZI"}, "MfKQ9r8GKYqrTwjUPD8ILPZI"},
	{"private key of a pair", []string{"whsk_nWGxne9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="}, "nWGxne9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="},
	{"line of a PEM", []string{"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp\n-----END PRIVATE KEY-----\n"}, "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp"},
	{"query value", redact.URL("https://h/p?v=2&token=" + url.QueryEscape(token)), token},
	{"query with semicolons", redact.URL("https://h/p?token=" + ascii + ";v=2"), ascii},
	{"query name", redact.URL("https://h/p?" + ascii), ascii},
	{"query name with a value", redact.URL("https://h/p?" + ascii + "=1"), ascii},
	{"query name of a template", redact.Tokens("https://h/{stream}?" + ascii + "=1"), ascii},
	{"query with a wrong escape", redact.URL("https://h/p?token=p%zz" + ascii), "p%zz" + ascii},
	{"path", redact.URL("https://h/hooks/" + ascii + "/x"), ascii},
	{"path after a word", redact.URL("https://h/bot123456789:AAH-9x_y/sendMessage"), "123456789:AAH-9x_y"},
	{"path with an extension", redact.URL("https://h/hooks/T0kenOfThePath.json"), "T0kenOfThePath"},
	{"user of a URL", redact.URL("https://" + ascii + "@h/"), ascii},
	{"user of a URL with a password", redact.URL("https://" + ascii + ":x@h/"), ascii},
	{"password of a URL", redact.URL("https://joe:" + ascii + "@h/"), ascii},
}

// encodings are ways in which a text comes back. To cover another one add a line; those that are
// left are in docs/security.md.
var encodings = []struct {
	name  string
	write func(string) string
}{
	{"plain", func(s string) string { return s }},
	{"JSON", quoteJSON},
	{"JSON in JSON", func(s string) string { return quoteJSON(quoteJSON(s)) }},
	{"query", url.QueryEscape},
	{"path", url.PathEscape},
	{"query in a query", func(s string) string { return url.QueryEscape(url.QueryEscape(s)) }},
	{"every byte percent-encoded", func(s string) string { return everyByte(s, "%%%02X") }},
	{"every character as %u", func(s string) string { return everyUnit(s, "%%u%04x") }},
	{"every character as backslash u", func(s string) string { return everyUnit(s, `\u%04X`) }},
	{"every character as backslash u with braces", func(s string) string { return everyRune(s, `\u{%x}`) }},
	{"every byte as backslash x", func(s string) string { return everyByte(s, `\x%02x`) }},
	{"every byte octal", func(s string) string { return everyByte(s, `\%03o`) }},
	{"HTML", html.EscapeString},
	{"HTML in JSON", func(s string) string { return quoteJSON(html.EscapeString(s)) }},
	{"HTML without semicolons", func(s string) string {
		return strings.NewReplacer(`"`, "&quot", "<", "&lt", ">", "&gt", "&", "&amp").Replace(s)
	}},
	{"every character as an entity", func(s string) string { return everyRune(s, "&#%d;") }},
	{"CSV", func(s string) string { return strings.ReplaceAll(s, `"`, `""`) }},
	{"SQL", func(s string) string { return strings.ReplaceAll(s, `'`, `''`) }},
	{"UTF-16, little endian", func(s string) string { return utf16Bytes(s, false) }},
	{"UTF-16, big endian", func(s string) string { return utf16Bytes(s, true) }},
	{"UTF-16 in Go's quotes", func(s string) string { return strings.Trim(fmt.Sprintf("%q", utf16Bytes(s, false)), `"`) }},
	{"hexadecimal", func(s string) string { return hex.EncodeToString([]byte(s)) }},
	{"hexadecimal with colons", func(s string) string { return everyByte(s, "%02X:") }},
	{"hexadecimal with blanks", func(s string) string { return everyByte(s, "%02x ") }},
	{"hexadecimal of a form", func(s string) string { return hex.EncodeToString([]byte("a=b&c=" + url.QueryEscape(s) + "&d=e")) }},
	{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"base64, unpadded", func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) }},
	{"base64, URL-safe", func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }},
	{"base64 in JSON with escaped slashes", func(s string) string {
		return strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(s)), "/", `\/`)
	}},
	{"base64 in a query", func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) }},
	{"base64 whose pluses a query lost", func(s string) string {
		return strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(s)), "+", " ")
	}},
	{"base64 in lines", func(s string) string { return folded(base64.StdEncoding.EncodeToString([]byte(s)), "\r\n") }},
	{"base64 in lines in JSON", func(s string) string { return folded(base64.StdEncoding.EncodeToString([]byte(s)), `\n`) }},
	{"base64 folded by blanks", func(s string) string { return folded(base64.StdEncoding.EncodeToString([]byte(s)), " ") }},
	{"base64 of a longer text", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("a: " + s + ", b")) }},
	{"base64 of JSON", func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(`{"k":"` + quoteJSON(s) + `"}`))
	}},
	{"base64 of a form", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("a=b&c=" + url.QueryEscape(s))) }},
	{"base64 of JSON with a Basic header", func(s string) string {
		header := "Basic " + base64.StdEncoding.EncodeToString([]byte("joe:"+s))
		return base64.StdEncoding.EncodeToString([]byte(`{"Authorization":"` + header + `"}`))
	}},
	{"base64 of UTF-16", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(utf16Bytes(s, false))) }},
	{"base64 of base64", func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(s))))
	}},
	{"hexadecimal of base64", func(s string) string { return hex.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(s)))) }},
}

// Every shape of a secret in every encoding is masked, wherever it is.
func TestMatrix(t *testing.T) {
	for _, shape := range shapes {
		redactor := redact.New(shape.learned...)
		for _, encoding := range encodings {
			for _, frame := range []string{"%s", "you sent %s!", `{"error":"%s"}`, "ab%s", "x %s y"} {
				encoded := encoding.write(shape.leak)
				text := fmt.Sprintf(frame, encoded)
				got := redactor.String(text)
				if longestShared(got, telling(encoding.write, shape.leak)) >= minTelling {
					t.Errorf("%s, %s: %s is shown as %s", shape.name, encoding.name, text, got)
				}
			}
		}
	}
}

// minTelling is how many characters of what a secret decides may be shown by chance.
const minTelling = 7

// telling returns the part of an encoded secret that depends on the secret, without what is written
// around it.
func telling(write func(string) string, secret string) string {
	next := func(r rune) rune {
		if r < '0' || r > 'z' {
			return r
		}
		return r ^ 1
	}
	encoded, other := write(secret), write(strings.Map(next, secret))
	for encoded[0] == other[0] {
		encoded, other = encoded[1:], other[1:]
	}
	for encoded[len(encoded)-1] == other[len(other)-1] {
		encoded, other = encoded[:len(encoded)-1], other[:len(other)-1]
	}
	return encoded
}

// longestShared is the length of the longest piece of text that got shows.
func longestShared(got, text string) (longest int) {
	for from := range len(text) {
		for from+longest < len(text) && strings.Contains(got, text[from:from+longest+1]) {
			longest++
		}
	}
	return longest
}

func quoteJSON(s string) string {
	b, _ := json.Marshal(s)
	return string(b[1 : len(b)-1])
}

func everyByte(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

func everyRune(s, format string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, format, r)
	}
	return b.String()
}

func everyUnit(s, format string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, format, unit)
	}
	return b.String()
}

func utf16Bytes(s string, bigEndian bool) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		low, high := byte(unit), byte(unit>>8)
		if bigEndian {
			low, high = high, low
		}
		b = append(b, low, high)
	}
	return string(b)
}

func folded(s, by string) string {
	var lines []string
	for ; len(s) > 16; s = s[16:] {
		lines = append(lines, s[:16])
	}
	return strings.Join(append(lines, s), by)
}
