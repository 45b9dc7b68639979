package snapshot

import (
	"errors"
	"fmt"
	"iter"
)

var (
	// ErrGenerationIncomplete is the error of asking what has left if an attempt of the
	// generation died before it stored what it had seen.
	ErrGenerationIncomplete = errors.New("a sync of this refresh died or has not ended, so the rows it saw are not known: nothing is removed until the next full refresh")
	// errInFlight is the error of asking what has left before every batch is settled.
	errInFlight = errors.New("rows are in flight")
)

// CountUnseen counts the keys that no sync of this generation has seen, and the keys there were
// before it. It reads every entry, some million in a second, unless this sync has made all of them.
func (st *Stream) CountUnseen() (left, before int, err error) {
	if st.start == 0 {
		return 0, 0, st.mayRemove()
	}
	err = st.each(func(_ []byte, e entry) error {
		if e.ordinal < st.meta.Start {
			before++
		}
		if st.isUnseen(e) {
			left++
		}
		return nil
	})
	return left, before, err
}

// Unseen goes over the rows that no sync of this generation has seen, with the data of those that
// were stored with it. They are the caller's, who removes them through Begin and Confirm, also
// during the iteration; what else changes meanwhile may be missed.
func (st *Stream) Unseen() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		err := st.each(func(key []byte, e entry) error {
			if !st.isUnseen(e) {
				return nil
			}
			row, err := st.removal(key, e)
			if err == nil && !yield(row, nil) {
				err = errStopped
			}
			return err
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(Row{}, err)
		}
	}
}

// errStopped carries the end of an iteration by its consumer.
var errStopped = errors.New("stopped")

func (st *Stream) isUnseen(e entry) bool {
	return !st.seen.Has(e.ordinal) && !st.before.Has(e.ordinal)
}

func (st *Stream) removal(key []byte, e entry) (Row, error) {
	row := Row{Key: append([]byte(nil), key...), Version: Version{entry{digest: tombstone, ordinal: e.ordinal, revision: e.after(tombstone)}}}
	data, _, err := st.store.get(appendKey(nil, rowPrefix, st.meta.ID, key))
	if row.Data = data; err == nil {
		row.Superseded, err = st.superseded(key)
	}
	return row, err
}

// each calls f with every entry of the stream if what has left can be told.
func (st *Stream) each(f func(key []byte, e entry) error) error {
	if err := st.mayRemove(); err != nil {
		return err
	}
	err := st.entries(f)
	if err != nil && !errors.Is(err, errStopped) {
		err = st.store.fail("reading", err)
	}
	return err
}

// entries calls f with every entry of the stream; the key is valid during the call.
func (st *Stream) entries(f func(key []byte, e entry) error) error {
	return st.entriesIn(streamKey(entryPrefix, st.meta.ID), streamKey(entryPrefix, st.meta.ID+1), f)
}

// entriesIn is entries for a range of the database, which is within the stream's entries.
func (st *Stream) entriesIn(from, to []byte, f func(key []byte, e entry) error) error {
	begin := len(streamKey(entryPrefix, st.meta.ID))
	return st.store.scan(from, to, func(key, value []byte) error {
		e, err := parseEntry(value)
		if err != nil {
			return err
		}
		return f(key[begin:], e)
	})
}

// mayRemove returns why it cannot be told what has left.
func (st *Stream) mayRemove() (err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case st.meta.incomplete():
		err = ErrGenerationIncomplete
	case len(st.pending) > 0:
		err = errInFlight
	default:
		return nil
	}
	return fmt.Errorf("looking for the rows that left stream %s: %w", st.id.Title, err)
}
