package redact

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
)

// escapes are the bytes that unit may read as another text than they are.
const escapes = "\r\n+%&\\"

// unit reads one character of s, escaped or not: what it stands for, and how many
// bytes spell it. It knows percent-encoding, HTML's entities and the backslashes of
// JSON, JavaScript, Go, Python and PHP, also those that escape backslashes. A plus
// is the space of a query. Line breaks are nothing: base64 and PEM are wrapped.
func unit(s string) (plain string, n int) {
	switch s[0] {
	case '\r', '\n':
		return "", 1
	case '+':
		return " ", 1
	case '%':
		if c, ok := digits(s[1:], 2); ok {
			return string([]byte{byte(c)}), 3
		}
	case '&':
		return entity(s)
	case '\\':
		return backslash(s)
	}
	return s[:1], 1
}

// maxEntity is the length of HTML's longest entity, &CounterClockwiseContourIntegral;.
const maxEntity = 33

func entity(s string) (plain string, n int) {
	end := strings.IndexAny(s[1:min(len(s), maxEntity)], "&;") + 2
	if end < 2 || s[end-1] != ';' {
		return s[:1], 1
	}
	if plain = html.UnescapeString(s[:end]); plain != s[:end] {
		return plain, end
	}
	return s[:1], 1
}

// backslash reads a run of backslashes and what they escape.
func backslash(s string) (plain string, n int) {
	n = len(s) - len(strings.TrimLeft(s, `\`))
	if n == len(s) {
		return "", n
	}
	switch c := s[n]; {
	case c == 'u':
		return utf16Escape(s, n)
	case c == 'U':
		if r, ok := digits(s[n+1:], 8); ok {
			return string(r), n + 9
		}
	case c == 'x':
		if b, ok := digits(s[n+1:], 2); ok {
			return string([]byte{byte(b)}), n + 3
		}
	case c == 'n' || c == 'r':
		return "", n + 1
	case c == 't':
		return "\t", n + 1
	case c > ' ' && c < 0x7F && !strings.ContainsRune("%&+", rune(c)):
		return s[n : n+1], n + 1
	}
	return "", n
}

// utf16Escape reads \uHHHH behind n backslashes, and the second half of a pair.
func utf16Escape(s string, n int) (plain string, length int) {
	r, ok := digits(s[n+1:], 4)
	if !ok {
		return "", n
	}
	n += 5
	if rest := strings.TrimLeft(s[n:], `\`); utf16.IsSurrogate(r) && len(rest) < len(s)-n && strings.HasPrefix(rest, "u") {
		if low, ok := digits(rest[1:], 4); ok && utf16.IsSurrogate(low) {
			return string(utf16.DecodeRune(r, low)), len(s) - len(rest) + 5
		}
	}
	return string(r), n
}

// digits reads some hexadecimal digits.
func digits(s string, count int) (value rune, ok bool) {
	if len(s) < count {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:count], 16, 31)
	return rune(n), err == nil
}
