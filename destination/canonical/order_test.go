package canonical

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What a value before it was has no influence on a form, whatever the order, the number and the
// names of its members.
func TestOrderOfTheValueBeforeIsOnlyAGuess(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		members := rapid.SliceOfN(rapid.SampledFrom([]string{
			`"a":1`, `"b":"\"\\x"`, `"b":2`, `"c":{"z":1,"y":[{"q":1,"p":2}]}`, `"c":{"y":1,"z":2}`, `"a":[{"n":1,"m":2},{"m":1}]`, `"":null`,
		}), 0, 6)
		var used Canonicalizer
		for range rapid.IntRange(1, 6).Draw(rt, "values") {
			text := "{" + strings.Join(members.Draw(rt, "members"), ",") + "}"
			form, err := used.AppendForm(nil, []byte(text))
			if want := formOf(t, text); err != nil || string(form) != want {
				rt.Fatalf("%s has the form %q after other values, and %q alone, %v", text, form, want, err)
			}
		}
	})
}

// A string ends at its first quote, wherever among eight bytes it is.
func TestEndOfAString(t *testing.T) {
	for _, stop := range []string{`"`, `\`, "\xff"} {
		for n := range 20 {
			text := strings.Repeat("é!"[:1+n%2], n)[:n] + stop + "\"\\\xff..........."
			if got := plain([]byte(text)); got != n {
				t.Errorf("%q: %d bytes are plain, want %d", text, got, n)
			}
		}
	}
	for _, near := range "!#[]\x00\x7f\x80\xfe" {
		if text := strings.Repeat(string(near), 20); plain([]byte(text)) != len(text) {
			t.Errorf("%q is not plain", text)
		}
	}
	if got := plain([]byte("\x80\xfe\xa2\xdc\x21\x23\x5b\x5d\x80")); got != 9 {
		t.Errorf("%d bytes next to those that end a string are plain", got)
	}
}
