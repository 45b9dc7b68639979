package destination

import (
	"context"
	"fmt"
	"iter"

	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/replay"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// waiting is the rejected rows that each sync tries again; see rejected_rows.retry_next_sync.
type waiting struct {
	*replay.Waiting
	archive     deadletter.Archive
	deadLetters deadletter.Store
}

// openWaiting reads which rows wait; nil if none is ever tried again. A replay tries those that it
// was told to.
func (s *session) openWaiting(ctx context.Context, deadLetters deadletter.Store) (*waiting, error) {
	if !s.config.RejectedRows.RetryNextSync || s.replays {
		return nil, nil
	}
	archive, err := openArchive(s.config, s.network)
	if err != nil {
		return nil, err
	}
	var routes []*route.Route
	for _, r := range s.table {
		routes = append(routes, r)
	}
	rows, err := replay.OpenWaiting(ctx, archive, routes, keyHash(s.config), s.config.RejectedRows.MaxSyncs)
	if err != nil {
		_ = archive.Close() // it was read from only
		return nil, fmt.Errorf("reading which rejected rows are tried again: %w", err)
	}
	w := &waiting{Waiting: rows, archive: archive, deadLetters: deadLetters}
	return w, w.store(ctx)
}

// store stores which rows no longer wait, as far as that is not stored yet.
func (w *waiting) store(ctx context.Context) error {
	ids := w.Unstored()
	if len(ids) == 0 {
		return nil
	}
	return w.deadLetters.Write(ctx, deadletter.AppendResolved(nil, ids))
}

// close puts aside what no longer waits, once the sync's own dead letters are closed. If it fails,
// the next sync does so.
func (w *waiting) close(ctx context.Context, warn func(text string, args ...any)) {
	if err := replay.Tidy(ctx, w.archive); err != nil {
		warn("dead letters that no longer wait could not be put aside, and will be by the next sync", "error", err)
	}
	_ = w.archive.Close() // what was written is on the disk
}

// Waits implements engine.Waiting.
func (w *waiting) Waits(s *engine.Stream, hash uint64) bool { return w.Waiting.Waits(s.Route, hash) }

// SourceRead implements engine.Waiting.
func (w *waiting) SourceRead(s *engine.Stream) { w.Waiting.SourceRead(s.Route) }

// Retries implements engine.Waiting.
func (w *waiting) Retries(ctx context.Context) iter.Seq2[engine.Retry, error] {
	return func(yield func(engine.Retry, error) bool) {
		for l, err := range w.Waiting.Retries(ctx) {
			if err != nil {
				yield(engine.Retry{}, fmt.Errorf("reading the rejected rows that are tried again: %w", err))
				return
			}
			retry := engine.Retry{Stream: l.Stream, Retry: l.Rejection.Retry, Record: protocol.Record{
				Namespace: []byte(l.Stream.Namespace), Stream: []byte(l.Stream.Name), Data: l.Data, EmittedAt: l.EmittedAt, Changes: l.Changes,
			}}
			if !yield(retry, nil) {
				return
			}
		}
	}
}
