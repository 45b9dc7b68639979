package leaks

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strconv"
	"strings"
)

// forms are the ways in which an endpoint repeats a text. The first one repeats it as it is.
var forms = []struct {
	name  string
	write func(string) string
}{
	{"plain", func(s string) string { return s }},
	{"JSON", func(s string) string { b, _ := json.Marshal(s); return string(b[1 : len(b)-1]) }},
	{"Go quotes", func(s string) string { q := strconv.QuoteToASCII(s); return q[1 : len(q)-1] }},
	{"HTML", html.EscapeString},
	{"query", url.QueryEscape},
	{"path", url.PathEscape},
	{"lower-case percents", func(s string) string { return lowerPercents(url.QueryEscape(s)) }},
	{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"base64 without padding", func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) }},
	{"base64 for URLs", func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) }},
	{"base64 inside", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("<a b=\"" + s + "\">")) }},
}

func lowerPercents(s string) string {
	parts := strings.Split(s, "%")
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ToLower(parts[i][:2]) + parts[i][2:]
	}
	return strings.Join(parts, "%")
}

// traces are the texts by which a secret is found: each of its forms, as it is and as it stands inside a JSON message.
func traces(secret string) map[string]string {
	found := make(map[string]string)
	for _, form := range forms {
		text := form.write(secret)
		if form.name == "base64 inside" {
			continue // see below
		}
		found[text] = form.name
		inMessage, _ := json.Marshal(text)
		found[string(inMessage[1:len(inMessage)-1])] = form.name + " in a message"
	}
	for before := range 3 { // base64 of a longer text: what the secret alone decides
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...))
		found[text[4:len(text)-4]] = "base64 inside"
	}
	return found
}
