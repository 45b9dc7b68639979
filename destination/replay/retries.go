package replay

import (
	"context"
	"errors"
	"iter"

	"destination-webhook/destination/deadletter"
)

// errEnough ends the reading of an archive.
var errEnough = errors.New("enough were read")

// Retries goes over the dead letters of the rows that still wait and that this sync has not
// rejected itself, the oldest first. A letter is valid until the next one.
func (w *Waiting) Retries(ctx context.Context) iter.Seq2[*deadletter.Stored, error] {
	return func(yield func(*deadletter.Stored, error) bool) {
		for _, name := range w.names {
			if w.idle() {
				return
			}
			err := w.archive.Read(ctx, name, func(line []byte) error {
				letter, err := deadletter.Parse(line)
				if err == nil && w.isDue(letter) && !yield(letter, nil) {
					return errEnough
				}
				return nil
			})
			if errors.Is(err, errEnough) {
				return
			}
			if err != nil && !yield(nil, err) {
				return
			}
		}
	}
}

// isDue reports whether a letter is the newest one of a row that is tried again.
func (w *Waiting) isDue(l *deadletter.Stored) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	row := w.rows[l.Rejection.Retry.ID]
	return row != nil && !row.fresh && row.syncs == l.Rejection.Retry.Syncs
}

// idle reports whether no row is left to be tried again.
func (w *Waiting) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, row := range w.rows {
		if !row.fresh {
			return false
		}
	}
	return true
}
