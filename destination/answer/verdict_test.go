package answer

import (
	"fmt"
	"strings"
	"testing"
)

// The work on a verdict is that of reading each row's key once, however often the endpoint repeats
// itself.
func TestVerdictReadsEachKeyOnce(t *testing.T) {
	const rows = 100
	var verdicts []Verdict
	for i := range 10 * rows {
		verdicts = append(verdicts, Verdict{PrimaryKey: fmt.Appendf(nil, `"%d"`, i%7)})
	}
	reads := 0
	named := NewRows(rows, func(place int) []byte { reads++; return fmt.Appendf(nil, `"%d"`, place%5) })
	found := 0
	for i := range verdicts {
		found += len(named.Places(&verdicts[i]))
	}
	if reads != rows || found != rows {
		t.Errorf("%d keys were read and %d rows found, want %d each", reads, found, rows)
	}
}

// Keys are the same however their members are ordered, unless they are nested too deep to put in
// order: those are compared as they are written.
func TestDeepKeys(t *testing.T) {
	nested := func(levels int, first, second string) string {
		return strings.Repeat(`{`+first+`,`+second+`,"c":`, levels) + "1" + strings.Repeat("}", levels)
	}
	for _, levels := range []int{1, maxNesting, maxNesting + 1, 5_000} {
		sent, named := nested(levels, `"a":"["`, `"b":"\"{"`), nested(levels, `"b":"\"{"`, `"a":"["`)
		rows := NewRows(1, func(int) []byte { return []byte(sent) })
		if got := len(rows.Places(&Verdict{PrimaryKey: []byte(sent)})); got != 1 {
			t.Errorf("%d levels, as sent: %d rows", levels, got)
		}
		rows = NewRows(1, func(int) []byte { return []byte(sent) })
		if got := len(rows.Places(&Verdict{PrimaryKey: []byte(named)})); got != 1 && levels <= maxNesting || got != 0 && levels > maxNesting {
			t.Errorf("%d levels, in another order: %d rows", levels, got)
		}
		if canonical := canonical([]byte(named)); levels > maxNesting && canonical != named {
			t.Errorf("%d levels: the key was put in order", levels)
		}
	}
}
