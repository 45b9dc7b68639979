package redact

import (
	"encoding/base64"
	"strings"
	"testing"
)

// The memory that a secret takes is in proportion to its length, and bounded whatever it is.
func TestAutomatonIsBounded(t *testing.T) {
	const perByte = 8 // nodes
	for name, secret := range map[string]string{
		"a value":          strings.Repeat("s3cr+t", maxSecret/6),
		"words":            strings.Repeat("s3cr+t/%41 ", maxSecret/11),
		"escapes":          strings.Repeat("%41\\u00e4", maxSecret/9),
		"not ASCII":        strings.Repeat("ä", maxSecret/2),
		"basic":            "Basic " + strings.Repeat("QUJD", maxSecret/4-2),
		"longer than that": strings.Repeat("s3cr+t", 4<<20/6),
	} {
		if n := len(New(secret).known.Load().nodes); n > perByte*maxSecret {
			t.Errorf("%s: %d nodes for %d bytes", name, n, maxSecret)
		}
	}
}

// What decodes to noise is not looked at further: there are as few views of a long text as of a
// short one.
func TestNoiseIsNotSearchedFurther(t *testing.T) {
	line := `{"error":"row 17 was refused: \"email\" is not valid","id":"0123456789abcdef"} `
	redactor := New("Bearer s3cr/et+token")
	allocations := func(lines int) float64 {
		text := strings.Repeat(line, lines)
		return testing.AllocsPerRun(10, func() { redactor.String(text) })
	}
	if one, many := allocations(1), allocations(100); many > 4*one {
		t.Errorf("a line takes %.0f allocations, 100 lines %.0f", one, many)
	}
}

// A text that was made to be decoded again and again is masked as a whole, after bounded work.
func TestIntricateTextIsMasked(t *testing.T) {
	redactor := New("s3cr/et+token")
	text := strings.Repeat("%", 1000) + strings.Repeat("25", 1000) + strings.Repeat(`\\u0041VVVV`, 500)
	for range 3 {
		text += base64.StdEncoding.EncodeToString([]byte(text[:len(text)/2])) + strings.Repeat("VVVVVVVV", 300)
	}
	s := newSearch(redactor.known.Load(), true, len(text))
	s.look(newView(text), maxDecodes)
	if s.work >= 0 {
		t.Fatalf("%d bytes of work are left: the text is not intricate enough", s.work)
	}
	if got := redactor.Cut(text); got != Mask {
		t.Errorf("got %.100s", got)
	}
}
