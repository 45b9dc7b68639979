package protocol

// Operation is what a row is counted as.
type Operation uint8

// The operations of rows. Nothing is sent of an unchanged row.
const (
	Upserted Operation = iota // added or changed: nobody knows whether the endpoint has the row
	Added
	Changed
	Removed
	Unchanged
)

var operationNames = [...]string{"upserted", "added", "changed", "removed", "unchanged"}

// RowCounts are numbers of rows by their operations.
type RowCounts [len(operationNames)]int64

// Add adds other counts.
func (c *RowCounts) Add(b RowCounts) {
	for o, n := range b {
		c[o] += n
	}
}

// Minus returns the counts without others.
func (c RowCounts) Minus(b RowCounts) RowCounts {
	for o, n := range b {
		c[o] -= n
	}
	return c
}

// Sum returns the number of all rows.
func (c RowCounts) Sum() (sum int64) {
	for _, n := range c {
		sum += n
	}
	return sum
}
