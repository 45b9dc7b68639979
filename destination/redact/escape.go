package redact

import (
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// escapes are the characters that unit may read as something else.
const escapes = "\r\n\x00%&\\"

// unit reads one character of s, escaped or not: what it means, and how many bytes spell it.
// It knows percent-encoding, HTML's entities and the backslashes of JSON, JavaScript, Go, Python,
// PHP, C and shells, also those that escape backslashes. Line breaks are dropped, because PEM is
// wrapped, and so are NULs, which makes ASCII of UTF-16.
func unit(s string) (plain string, n int) {
	switch s[0] {
	case '\r', '\n', 0:
		return "", 1
	case '%':
		if strings.HasPrefix(s, "%u") {
			if plain, n := utf16Escape(s, 1); n > 1 {
				return plain, n
			}
		}
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

// maxEntity is the length of HTML's longest entity, &CounterClockwiseContourIntegral;, in bytes.
const maxEntity = 33

func entity(s string) (plain string, n int) {
	end := min(len(s), maxEntity)
	if i := strings.IndexFunc(s[1:end], notEntity); i >= 0 {
		end = i + 1
	}
	if end < len(s) && s[end] == ';' {
		end++
	}
	plain = html.UnescapeString(s[:end])
	if plain == s[:end] {
		return s[:1], 1
	}
	// Some names need no semicolon: what follows such a name is the same in both texts.
	for len(plain) > 1 && plain[len(plain)-1] == s[end-1] {
		plain, end = plain[:len(plain)-1], end-1
	}
	return plain, end
}

func notEntity(r rune) bool { return r != '#' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// backslash reads a run of backslashes and the character that they escape.
func backslash(s string) (plain string, n int) {
	n = len(s) - len(strings.TrimLeft(s, `\`))
	if n == len(s) {
		return "", n
	}
	switch c := s[n]; {
	case c == 'u' && strings.HasPrefix(s[n+1:], "{"):
		return bracedEscape(s, n)
	case c == 'u':
		return utf16Escape(s, n)
	case c >= '0' && c <= '3':
		if b, ok := number(s[n:], 3, 8); ok {
			return string([]byte{byte(b)}), n + 3
		}
		return s[n : n+1], n + 1
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

// bracedEscape reads the u{H…} of JavaScript after n backslashes.
func bracedEscape(s string, n int) (plain string, length int) {
	end := strings.IndexByte(s[n:min(len(s), n+10)], '}')
	if end > len("u{") {
		if r, ok := digits(s[n+2:], end-2); ok {
			return string(r), n + end + 1
		}
	}
	return "", n
}

// utf16Escape reads uHHHH after n backslashes or a percent sign, and the second half of a pair.
func utf16Escape(s string, n int) (plain string, length int) {
	r, ok := digits(s[n+1:], 4)
	if !ok {
		return "", n
	}
	n += 5
	if rest := strings.TrimLeft(s[n:], s[:1]); utf16.IsSurrogate(r) && len(rest) < len(s)-n && strings.HasPrefix(rest, "u") {
		if low, ok := digits(rest[1:], 4); ok && utf16.IsSurrogate(low) {
			return string(utf16.DecodeRune(r, low)), len(s) - len(rest) + 5
		}
	}
	return string(r), n
}

// digits reads count hexadecimal digits.
func digits(s string, count int) (value rune, ok bool) { return number(s, count, 16) }

// number reads count digits.
func number(s string, count, base int) (value rune, ok bool) {
	if len(s) < count {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:count], base, 31)
	return rune(n), err == nil
}
