package printable

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestExcerpt(t *testing.T) {
	mask := func(s string) string { return strings.ReplaceAll(s, "hunter2", "[redacted]") }
	for _, test := range []struct{ name, body, want string }{
		{"plain", "  no such list\n", "no such list"},
		{"nothing", "", ""},
		{"secret", "bad token hunter2", "bad token [redacted]"},
		{"lines", "a\r\nb\tc", `a\r\nb\tc`},
		{"terminal codes", "\x1b[31mred\x00", `\x1b[31mred\x00`},
		{"hidden text", "a\u202eb\u200bc", `a\u202eb\u200bc`},
		{"not UTF-8", "a\xffb", "a\uFFFDb"},
		{"other scripts", "größer 大きい", "größer 大きい"},
		{"quotes stay", `{"error":"it's \"bad\""}`, `{"error":"it's \"bad\""}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Excerpt([]byte(test.body), mask); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLineIsCutBetweenRunes(t *testing.T) {
	for _, s := range []string{strings.Repeat("x", 5000), strings.Repeat("大", 5000), strings.Repeat("\x00", 5000), strings.Repeat("\xff", 5000)} {
		got := Line(s, MaxExcerpt)
		if len(got) > MaxExcerpt || len(got) < MaxExcerpt-10 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
			t.Errorf("%q… became %d bytes ending in %q", s[:4], len(got), got[len(got)-8:])
		}
	}
	if s := strings.Repeat("x", MaxExcerpt); Line(s, MaxExcerpt) != s {
		t.Error("a text that fits was cut")
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"plain, ünicode and 😀":        "plain, ünicode and 😀",
		"two\nlines\tof a stack":      "two\nlines\tof a stack",
		"\x1b[31mred\x1b[0m":          `\x1b[31mred\x1b[0m`,
		"over\rwritten, \a and \x00":  `over\rwritten, \a and \x00`,
		"C1 \u009b2J and DEL \x7f":    `C1 \u009b2J and DEL \x7f`,
		"turned \u202earound\u2066":   `turned \u202earound\u2066`,
		"hidden \u200b and \ufeffBOM": `hidden \u200b and \ufeffBOM`,
	} {
		if got := Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestNameIsQuotedIfItCouldForgeALine(t *testing.T) {
	for name, want := range map[string]string{
		"users": "users", "größer": "größer", "a b": "a b", "pipe\t": `"pipe\t"`, "x\ny": `"x\ny"`, "\xff": `"\xff"`, "a\u202eb": `"a\u202eb"`,
	} {
		if got := Name(name); got != want {
			t.Errorf("Name(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestHostShowsNoPath(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.com:8443/secret?token=x": "https://example.com:8443", "http://jane:pass@h/": "http://h", "http://a b": "the endpoint",
	} {
		if got := Host(address); got != want {
			t.Errorf("host of %s is %s, want %s", address, got, want)
		}
	}
}
