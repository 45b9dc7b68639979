package delivery

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

func TestVisibleIsCutBetweenRunes(t *testing.T) {
	for _, s := range []string{strings.Repeat("x", 5000), strings.Repeat("大", 5000), strings.Repeat("\x00", 5000), strings.Repeat("\xff", 5000)} {
		got := Visible(s, maxExcerpt)
		if len(got) > maxExcerpt || len(got) < maxExcerpt-10 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
			t.Errorf("%q… became %d bytes ending in %q", s[:4], len(got), got[len(got)-8:])
		}
	}
	if s := strings.Repeat("x", maxExcerpt); Visible(s, maxExcerpt) != s {
		t.Error("a text that fits was cut")
	}
}
