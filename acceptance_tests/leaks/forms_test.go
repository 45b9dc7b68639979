package leaks

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// forms are the ways in which an endpoint repeats a text. The first one repeats it as it is.
var forms = []struct {
	name  string
	write func(string) string
}{
	{"plain", func(s string) string { return s }},
	{"JSON", quoted},
	{"Go quotes", func(s string) string { q := strconv.QuoteToASCII(s); return q[1 : len(q)-1] }},
	{"HTML", html.EscapeString},
	{"named entities", strings.NewReplacer(`"`, "&quot;", "'", "&#039;", "<", "&lt;", ">", "&gt;", "&", "&amp;").Replace},
	{"hexadecimal entities", strings.NewReplacer(`"`, "&#x22;", "'", "&#x27;", "/", "&#x2F;").Replace},
	{"HTML in JSON", func(s string) string { return quoted(html.EscapeString(s)) }},
	{"JSON in JSON", func(s string) string { return quoted(quoted(s)) }},
	{"PHP's JSON", strings.NewReplacer("/", `\/`, `"`, `\"`).Replace},
	{"query", url.QueryEscape},
	{"path", url.PathEscape},
	{"lower-case percents", func(s string) string { return lowerPercents(url.QueryEscape(s)) }},
	{"encodeURIComponent", func(s string) string {
		return strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*", "+", "%20").Replace(url.QueryEscape(s))
	}},
	{"percents twice", func(s string) string { return url.PathEscape(url.QueryEscape(s)) }},
	{"every byte", func(s string) string { return strings.ReplaceAll(fmt.Sprintf("% X", "_"+s)[2:], " ", "%") }},
	{"hexadecimal", func(s string) string { return hex.EncodeToString([]byte(s)) }},
	{"CSV", func(s string) string { return strings.ReplaceAll(s, `"`, `""`) }},
	{"named entities without semicolons", strings.NewReplacer(`"`, "&quot", "<", "&lt", ">", "&gt", "&", "&amp").Replace},
	{"octal", func(s string) string { return eachByte(s, `\%03o`) }},
	{"braces", func(s string) string { return eachByte(s, `\u{%x}`) }}, // the secrets here are ASCII
	{"percent u", func(s string) string { return eachByte(s, "%%u%04X") }},
	{"UTF-16", func(s string) string { return eachByte(s, "%c\x00") }},
	{"hexadecimal with colons", func(s string) string { return strings.TrimSuffix(eachByte(s, "%02x:"), ":") }},
	{"base64 folded by blanks", func(s string) string { return strings.Join(lines(s), " ") }},
	{"base64 of a form", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(s))) }},
	{"base64 in lines", func(s string) string { return strings.Join(lines(s), "\r\n") }},
	{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"base64 without padding", func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) }},
	{"base64 for URLs", func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) }},
	{"base64 inside", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("<a b=\"" + s + "\">")) }},
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b[1 : len(b)-1])
}

// lines are a text's base64, wrapped so early that every secret is.
func lines(s string) (wrapped []string) {
	for text := base64.StdEncoding.EncodeToString([]byte(s)); text != ""; {
		n := min(len(text), 16)
		wrapped, text = append(wrapped, text[:n]), text[n:]
	}
	return wrapped
}

func lowerPercents(s string) string {
	parts := strings.Split(s, "%")
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ToLower(parts[i][:2]) + parts[i][2:]
	}
	return strings.Join(parts, "%")
}

func eachByte(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

// minTrace is the shortest text that is not found by chance.
const minTrace = 5

// known are the traces of each secret, as they are looked for in all that every run shows.
var known sync.Map

// traces are the texts by which a secret is found: each of its forms, as it is and as it is inside
// a JSON message.
func traces(secret string) map[string]string {
	if found, ok := known.Load(secret); ok {
		return found.(map[string]string)
	}
	found := make(map[string]string)
	add := func(text, form string) {
		if len(text) >= minTrace {
			found[text], found[quoted(text)] = form, form+" in a message"
		}
	}
	for _, form := range forms {
		switch form.name {
		case "base64 inside": // what the secret alone decides
			for before := range 3 {
				text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...))
				add(text[min(4, len(text)):max(4, len(text)-4)], form.name)
			}
		case "base64 in lines", "base64 folded by blanks":
			add(lines(secret)[0], form.name)
		default:
			add(form.write(secret), form.name)
		}
	}
	known.Store(secret, found)
	return found
}
