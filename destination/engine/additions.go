package engine

import (
	"context"
	"iter"

	"destination-webhook/batching"
	"destination-webhook/destination/payload"
	"destination-webhook/protocol"
)

// Waiting is the rejected rows of earlier syncs that are tried again.
type Waiting interface {
	// Waits reports whether a row of a stream may wait whose key has this hash.
	Waits(s *Stream, hash uint64) bool
	// SourceRead notes that the source has read a stream to its end, so that it has no other rows.
	SourceRead(s *Stream)
	// Retries goes over the rows that wait, once all others are settled. A record is valid until
	// the next one.
	Retries(ctx context.Context) iter.Seq2[Retry, error]
	// Resolve notes that the endpoint has a row already.
	Resolve(id string)
}

// Retry is a record that was rejected before.
type Retry struct {
	Stream protocol.StreamDescriptor
	Record protocol.Record
	payload.Retry
}

// additions are rows that are not in the input: those that left a stream, or that are tried again.
type additions struct {
	next func() (addition, error, bool)
	stop func()
}

// addition is a row; nil: nothing has to be sent.
type addition struct {
	stream *Stream
	row    *batching.Row
}

func newAdditions(rows iter.Seq2[addition, error]) *additions {
	next, stop := iter.Pull2(rows)
	return &additions{next, stop}
}

// nextAdditions prepares the rows that come next once all others are settled; nil if there are
// none: of one stream after the other those that left, then those that are tried again.
func (e *Engine) nextAdditions(ctx context.Context) (*additions, error) {
	for e.swept < len(e.streams) {
		s := e.streams[e.swept]
		e.swept++
		if left, err := e.removals(s); left != nil || err != nil {
			return left, err
		}
	}
	if e.options.Waiting == nil || e.retried {
		return nil, nil
	}
	e.retried = true
	for _, s := range e.streams {
		if s.Audience != nil && s.Audience.ReadWhole(e.options.Policy, s.Status) {
			e.options.Waiting.SourceRead(s)
		}
	}
	return newAdditions(e.retries(ctx)), nil
}

// removals returns the rows that left a stream; nil if there are none.
func (e *Engine) removals(s *Stream) (*additions, error) {
	if s.Audience == nil {
		return nil, nil
	}
	found, kept, err := s.Audience.CountUnseen(e.options.Policy, s.Status)
	if err != nil {
		return nil, err
	}
	if kept != "" {
		e.options.Warn("rows that left are not removed", "stream", s.Route.Title(), "reason", kept)
	}
	if !found {
		return nil, nil
	}
	return newAdditions(func(yield func(addition, error) bool) {
		for row, err := range s.Audience.Removals(s.encoder) {
			if err == nil {
				s.count(&s.Unseen, protocol.Removed)
			}
			if !yield(addition{s, row}, err) {
				return
			}
		}
	}), nil
}

// retries goes over the rows that are tried again. A stream that is read whole and compared has
// none: its source sends all rows that it has, and what it no longer has is not to come back.
func (e *Engine) retries(ctx context.Context) iter.Seq2[addition, error] {
	return func(yield func(addition, error) bool) {
		for retry, err := range e.options.Waiting.Retries(ctx) {
			if err != nil {
				yield(addition{}, err)
				return
			}
			s := e.names.full[retry.Stream]
			if s.Audience != nil && s.Audience.Whole() {
				continue
			}
			if s.encoder == nil {
				s.encoder = e.newEncoder(s)
			}
			row, err := s.encoder.EncodeRetry(&retry.Record, retry.Retry)
			s.count(&s.Retried, s.encoder.Operation())
			if row == nil && err == nil {
				s.Skipped[s.encoder.Operation()]++
				e.options.Waiting.Resolve(retry.ID)
			}
			if !yield(addition{s, row}, err) {
				return
			}
		}
	}
}

// add adds rows to the pipeline, until there are no more or the pipeline is full.
func (e *Engine) add() error {
	for e.additions != nil && !e.pipeline.Full() {
		a, err, more := e.additions.next()
		if err != nil {
			return err
		}
		if !more {
			e.additions.stop()
			e.additions = nil
			return nil
		}
		if a.row != nil {
			e.pipeline.Add(a.stream.batches, a.row, e.now)
		}
	}
	return nil
}
