package sender

import (
	"context"
	"fmt"

	"destination-webhook/destination/failure"
)

const (
	// maxRejectsWithoutSuccess is how many single rows of a stream an endpoint may refuse without
	// accepting one, and then how many others of the batch, before the sync stops: a whole table is
	// not to end as dead letters.
	maxRejectsWithoutSuccess = 20
	// maxRejectsOfSmallBatches is the bound if the batches have fewer others, from which nothing
	// follows: bodies of one row, or the few changes of a table, which may be the same rows in each
	// sync.
	maxRejectsOfSmallBatches = 1000
)

// tryOthers ends the sync if the endpoint has refused that many rows. The rows at fault may be the
// first ones of the batch, so it tries others before that. If the sync ends, no row of the batch
// becomes a dead letter: the next sync sends them again.
func (s *batchSend) tryOthers(ctx context.Context) error {
	t := s.stream
	if t.accepted.Load() > 0 || t.refused.Load() < s.maxRejects() {
		return nil
	}
	others := 0
	if !s.trying {
		s.trying, s.tried = true, make(map[int]bool)
		for _, row := range s.others() {
			if err := s.direct(ctx, []int{row}); err != nil {
				return err
			}
			s.tried[row] = true
			if others++; t.accepted.Load() > 0 {
				return nil
			}
		}
	}
	if others < maxRejectsWithoutSuccess && t.refused.Load() < maxRejectsOfSmallBatches {
		return nil
	}
	last := s.rejected[len(s.rejected)-1]
	s.rejected = nil
	return failure.Config(fmt.Errorf("stream %s: the endpoint refused each of %d single rows and accepted none, so the rest of the batch is not sent; the last was the row %s: %s",
		t.route.Title(), t.refused.Load(), s.named(last.row), last.reason))
}

// maxRejects returns how many rows the endpoint may refuse before others are tried, or, if they
// were too few to end the sync, before it ends.
func (s *batchSend) maxRejects() int64 {
	if s.trying {
		return maxRejectsOfSmallBatches
	}
	return maxRejectsWithoutSuccess
}

// others returns rows that are not excluded, spread evenly over the batch. Each is the first of its
// key, so that it overtakes none.
func (s *batchSend) others() []int {
	excluded, seen := make(map[int]bool), make(map[uint64]bool)
	for _, r := range s.rejected {
		excluded[r.row] = true
	}
	for _, row := range s.batch.Suppressed() {
		excluded[row] = true
	}
	for row := range s.replacedBy {
		excluded[row] = true
	}
	var rows []int
	for row := range s.batch.Rows() {
		key := s.batch.Key(row)
		if excluded[row] || key != 0 && seen[key] {
			continue
		}
		seen[key] = true
		if !s.repeated[row] { // its repetition is due
			rows = append(rows, row)
		}
	}
	return spread(rows, maxRejectsWithoutSuccess)
}

// spread returns at most n of the rows, at equal distances.
func spread(rows []int, n int) []int {
	if len(rows) <= n {
		return rows
	}
	for i := range n {
		rows[i] = rows[i*(len(rows)-1)/(n-1)]
	}
	return rows[:n]
}

// untried returns the rows that were not sent before their turn.
func (s *batchSend) untried(rows []int) []int {
	if len(s.tried) == 0 {
		return rows
	}
	var rest []int
	for _, row := range rows {
		if !s.tried[row] {
			rest = append(rest, row)
		}
	}
	return rest
}
