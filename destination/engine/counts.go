package engine

import "destination-webhook/protocol"

// Counts are the rows of a stream that a sync has come to so far.
type Counts struct {
	Read    int64 // records of the source
	Unseen  int64 // rows that were found to have left the source
	Retried int64 // rows that earlier syncs rejected
	// All of these by their operations, and those that need not be sent.
	Begun, Skipped protocol.RowCounts
}

// Add adds other counts.
func (c *Counts) Add(b Counts) {
	c.Read += b.Read
	c.Unseen += b.Unseen
	c.Retried += b.Retried
	c.Begun.Add(b.Begun)
	c.Skipped.Add(b.Skipped)
}

// count counts a row that came in one of the ways.
func (c *Counts) count(way *int64, o protocol.Operation) {
	*way++
	c.Begun[o]++
}
