package answer

import (
	"fmt"
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
