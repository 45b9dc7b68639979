package sender

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/payload"
)

// rejection is a row that the endpoint does not want.
type rejection struct {
	row    int
	status int // of the answer; 0: the row was never sent
	reason string
	id     string // Webhook-Id of the request that was answered
}

// reject puts a row aside, or ends the sync if rows may not be rejected.
func (s *batchSend) reject(r rejection) error {
	return s.rejectAll([]rejection{r})
}

// rejectAll puts rows aside that an answer rejects, or ends the sync if rows may not be rejected.
func (s *batchSend) rejectAll(rejections []rejection) error {
	t := s.stream
	if t.options.DeadLetters == nil && len(rejections) > 0 {
		return failure.Config(fmt.Errorf("stream %s: %s, and on_rejected_rows is fail: %s; fix the row or the endpoint, or set on_rejected_rows to dead_letter",
			t.route.Title(), s.refusedRows(rejections), rejections[0].reason))
	}
	for _, r := range rejections {
		// A row that was never sent says nothing of the endpoint, nor one that it refused before.
		if r.status != 0 && !s.isRetry(r.row) {
			t.refused.Add(1)
		}
	}
	s.rejected = append(s.rejected, rejections...)
	return nil
}

// storeRejected stores the rejected rows as dead letters and returns their places in order. A row
// that was found to have left is no record of the source and has no dead letter; its removal stays
// due in the snapshot.
func (s *batchSend) storeRejected(ctx context.Context) ([]int, error) {
	if len(s.rejected) == 0 {
		return nil, nil
	}
	slices.SortFunc(s.rejected, func(a, b rejection) int { return a.row - b.row })
	var lines []byte
	var stored, removals []*rejection
	rows := make([]int, len(s.rejected))
	for i := range s.rejected {
		r := &s.rejected[i]
		rows[i] = r.row
		m := payload.ReadMetadata(s.batch.Metadata(r.row))
		if !m.IsRecord {
			removals = append(removals, r)
			continue
		}
		letter, err := s.deadLetter(r, &m)
		if err != nil {
			return nil, err
		}
		lines, stored = letter.Append(lines), append(stored, r)
	}
	if len(lines) > 0 {
		if err := s.stream.options.DeadLetters.Write(ctx, lines); err != nil {
			return nil, fmt.Errorf("stream %s: %d rejected rows could not be stored as dead letters: %w", s.stream.route.Title(), len(rows), err)
		}
	}
	s.removals = len(removals)
	s.report(&s.stream.storing, "rows are rejected and go to the dead letters", stored)
	s.report(&s.stream.keeping, "the removal of rows is rejected and stays due: the next sync sends it again", removals)
	return rows, nil
}

func (s *batchSend) deadLetter(r *rejection, m *payload.Metadata) (*deadletter.Record, error) {
	letter := &deadletter.Record{
		Stream: s.stream.route.Stream, Data: s.row(r.row).Data, EmittedAt: m.EmittedAt, Changes: m.Changes,
		Status: r.status, Reason: s.stream.options.Redact(r.reason), WebhookID: r.id, At: s.stream.options.Now(),
		Line: s.batch.Line(r.row), Retry: s.retryOf(r, m),
	}
	if s.confirmation == nil {
		return letter, nil
	}
	var err error
	letter.Before, err = s.confirmation.Before(r.row, s.isRejected)
	return letter, err
}

// isRejected reports whether a row is rejected, once they are in order.
func (s *batchSend) isRejected(row int) bool {
	_, found := slices.BinarySearchFunc(s.rejected, row, func(r rejection, row int) int { return r.row - row })
	return found
}

// report logs the first rejection of a kind in a stream, once.
func (s *batchSend) report(told *atomic.Bool, text string, rejections []*rejection) {
	if len(rejections) > 0 && !told.Swap(true) {
		first := rejections[0]
		s.stream.options.Warn(text, "stream", s.stream.route.Title(), "first", "the row "+s.named(first.row), "reason", first.reason)
	}
}
