package sender

import (
	"context"
	"fmt"

	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
)

// Waiting is the rejected rows that later syncs try again. It is called from many goroutines.
type Waiting interface {
	// Replace returns the ids of the rows that waited and that a record of their key replaces. hash
	// is that of the key. The record is sent after the dead letters say so.
	Replace(r *route.Route, hash uint64, data []byte) (ids []string)
	// Reject notes that a row was rejected, which was before if its ID is not "", and returns what
	// its dead letter has.
	Reject(r *route.Route, data []byte, before payload.Retry) payload.Retry
	// Take notes that the endpoint has taken a row. The dead letters say so already.
	Take(id string)
}

// replaceWaiting notes durably, before any row of the batch is sent, which rows that wait the batch
// replaces: a later sync that sent them would send them after the newer ones.
func (s *batchSend) replaceWaiting(ctx context.Context) error {
	t := s.stream
	if t.options.Waiting == nil {
		return nil
	}
	var ids []string
	for i := range s.batch.Rows() {
		hash := s.batch.Key(i)
		if hash == 0 {
			continue
		}
		if m := payload.ReadMetadata(s.batch.Metadata(i)); m.IsRecord && m.Retry.ID == "" {
			ids = append(ids, t.options.Waiting.Replace(t.route, hash, m.Row(s.batch.Row(i)).Data)...)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return s.storeResolved(ctx, deadletter.AppendResolved(nil, ids))
}

func (s *batchSend) storeResolved(ctx context.Context, lines []byte) error {
	if err := s.stream.options.DeadLetters.Write(ctx, lines); err != nil {
		return fmt.Errorf("stream %s: the dead letters could not record which rejected rows need no other try: %w", s.stream.route.Title(), err)
	}
	return nil
}

// retryOf returns what the dead letter of a rejected row has, so that later syncs try it again:
// nothing if it was never sent, or if a later row of the batch replaces it.
func (s *batchSend) retryOf(r *rejection, m *payload.Metadata) payload.Retry {
	t := s.stream
	if t.options.Waiting == nil || r.status == 0 && m.Retry.ID == "" || s.isReplaced(r.row) {
		return payload.Retry{}
	}
	return t.options.Waiting.Reject(t.route, s.row(r.row).Data, m.Retry)
}

// isRetry reports whether a row was rejected before.
func (s *batchSend) isRetry(row int) bool {
	return s.stream.options.Waiting != nil && payload.ReadMetadata(s.batch.Metadata(row)).Retry.ID != ""
}

// isReplaced reports whether a later row of the batch has the key of a row.
func (s *batchSend) isReplaced(row int) bool {
	if s.last == nil {
		s.last = make(map[uint64]int, s.batch.Rows())
		for i := range s.batch.Rows() {
			s.last[s.batch.Key(i)] = i
		}
	}
	hash := s.batch.Key(row)
	return hash != 0 && s.last[hash] > row
}

// takeRetries notes durably which rows that waited the endpoint has taken, or needs no longer: those
// of the delivered batch that are not rejected.
func (s *batchSend) takeRetries(ctx context.Context) error {
	t := s.stream
	if t.options.Waiting == nil {
		return nil
	}
	var ids []string
	for row := range s.batch.Rows() {
		if s.isRejected(row) {
			continue
		}
		if m := payload.ReadMetadata(s.batch.Metadata(row)); m.Retry.ID != "" {
			ids = append(ids, m.Retry.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := s.storeResolved(ctx, deadletter.AppendResolved(nil, ids)); err != nil {
		return err
	}
	for _, id := range ids {
		t.options.Waiting.Take(id)
	}
	return nil
}

// rejections returns how the rows of a part that are dead letters were rejected; nil if none is
// one.
func (s *batchSend) rejections(rows []int) (rejected []byte) {
	if !s.batch.HasMetadata() {
		return nil
	}
	for _, row := range rows {
		rejected = append(rejected, payload.RejectionOf(s.batch.Metadata(row))...)
	}
	return rejected
}

// retries returns a value that distinguishes requests with rows that earlier syncs have sent; nil
// if the part has none.
func (s *batchSend) retries(rows []int) (event []byte) {
	if s.stream.options.Waiting == nil {
		return nil
	}
	for _, row := range rows {
		if m := payload.ReadMetadata(s.batch.Metadata(row)); m.Retry.ID != "" {
			event = fmt.Appendf(event, "%s %d,", m.Retry.ID, m.Retry.Syncs)
		}
	}
	if event == nil {
		return nil
	}
	return append(append([]byte(s.stream.sync), 0), event...)
}
