package manifest

import (
	"slices"
	"sync"
)

// Tally adds up what the endpoint takes of a stream. It is safe for concurrent use.
type Tally struct {
	mu     sync.Mutex
	taken  Taken
	digest Digest
}

// Accept adds an accepted request and the rows of it that were accepted.
func (t *Tally) Accept(id string, rows Rows) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken.Batches++
	t.digest.Add(id)
	t.taken.Accepted = t.taken.Accepted.Plus(rows)
}

// Supersede notes a request whose rows are sent again in others, although the endpoint may have
// accepted it: its answer was lost.
func (t *Tally) Supersede(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken.Superseded = append(t.taken.Superseded, id)
}

// Exclude adds rows that the endpoint has not taken: rejected ones, and those that had not to be
// sent.
func (t *Tally) Exclude(rejected, skipped int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken.Rejected += rejected
	t.taken.Skipped += skipped
}

// Taken returns what was added so far.
func (t *Tally) Taken() Taken {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := t.taken
	taken.Digest = t.digest.String()
	taken.Superseded = append([]string{}, slices.Sorted(slices.Values(t.taken.Superseded))...)
	return taken
}
