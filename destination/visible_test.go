package destination

import "testing"

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain, ünicode and 😀":        "plain, ünicode and 😀",
		"two\nlines\tof a stack":      "two\nlines\tof a stack",
		"\x1b[31mred\x1b[0m":          `\x1b[31mred\x1b[0m`,
		"over\rwritten, \a and \x00":  `over\rwritten, \a and \x00`,
		"C1 \u009b2J and DEL \x7f":    `C1 \u009b2J and DEL \x7f`,
		"turned \u202earound\u2066":   `turned \u202earound\u2066`,
		"hidden \u200b and \ufeffBOM": `hidden \u200b and \ufeffBOM`,
	} {
		if got := Visible(text); got != want {
			t.Errorf("Visible(%q) = %q, want %q", text, got, want)
		}
	}
}
