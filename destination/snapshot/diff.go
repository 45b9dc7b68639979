package snapshot

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Change is what has become of a row since the endpoint confirmed it.
type Change int

// The changes of a row.
const (
	Unchanged Change = iota
	Added
	Changed
	Removed
)

// Diff reports how row, a JSON object, differs from the version of its key that was confirmed last
// or, if one is in flight, from the latest of these. Any result but Unchanged counts as in
// flight until the batch with its version is settled. Diff keeps no reference to key or row.
func (st *Stream) Diff(key, row []byte) (Change, Version, error) {
	digest, err := st.digester.Of(key, row)
	if err != nil {
		return 0, Version{}, fmt.Errorf("comparing a row of stream %s: %w", st.id.Title, err)
	}
	return st.DiffDigest(key, digest)
}

// DiffDigest is Diff for a row whose digest a Digester has computed.
func (st *Stream) DiffDigest(key []byte, digest Digest) (Change, Version, error) {
	if st.index != nil {
		if ordinal, found := st.index.Find(digest); found {
			st.see(ordinal)
			return Unchanged, Version{}, nil
		}
	}
	was, ok, err := st.lookup(key)
	if err == nil && !ok {
		was.ordinal, err = st.nextOrdinal()
	}
	if err != nil {
		return 0, Version{}, st.store.fail("reading", err)
	}
	st.see(was.ordinal)
	if ok && was.digest == digest {
		return Unchanged, Version{}, nil
	}
	change := Changed
	if !ok || was.digest == tombstone || was.digest == uncertainAdded {
		change = Added
	}
	return change, st.take(key, was, digest), nil
}

// Remove returns Removed if the endpoint has a row with this key, and Unchanged if it has none. It
// is for rows that their source says are deleted.
func (st *Stream) Remove(key []byte) (Change, Version, error) {
	was, ok, err := st.lookup(key)
	if err != nil {
		return 0, Version{}, st.store.fail("reading", err)
	}
	if !ok || was.digest == tombstone {
		return Unchanged, Version{}, nil
	}
	st.see(was.ordinal)
	return Removed, st.take(key, was, tombstone), nil
}

// RemoveUnknown is Remove for a key that the snapshot need not have: whatever the endpoint has of
// it is to go.
func (st *Stream) RemoveUnknown(key []byte) (Change, Version, error) {
	was, ok, err := st.lookup(key)
	if err == nil && !ok {
		was.ordinal, err = st.nextOrdinal()
	}
	if err != nil {
		return 0, Version{}, st.store.fail("reading", err)
	}
	if ok && was.digest == tombstone {
		return Unchanged, Version{}, nil
	}
	st.see(was.ordinal)
	return Removed, st.take(key, was, tombstone), nil
}

// See notes that the source has a row of a key, which is not compared: it has not left.
func (st *Stream) See(key []byte) error {
	was, ok, err := st.lookup(key)
	if err != nil {
		return st.store.fail("reading", err)
	}
	if ok {
		st.see(was.ordinal)
	}
	return nil
}

func (st *Stream) see(ordinal uint64) {
	if st.seen.Add(ordinal) {
		st.repeated++
	}
}

// filters reports whether a filter in memory replaces reads: the store had nothing of the stream. A
// store that looks ahead needs none, and each key that the filter mistakes for another would wait
// for it.
func (st *Stream) filters() bool { return st.start == 0 && !st.LooksAhead() }

// lookup finds the latest version of a key, and of one that is not there its revision. It looks at
// what is in flight first and at the store second, and Confirm writes to the store first, so a
// version that is settled in between is found in either.
func (st *Stream) lookup(key []byte) (entry, bool, error) {
	if st.filters() && !st.given.Has(key) {
		e, err := st.absent(key)
		return e, false, err // the store has nothing but what this sync gave out
	}
	st.mu.Lock()
	f := st.pending[string(key)]
	var latest entry
	if f != nil {
		latest = f.entry
	}
	st.mu.Unlock()
	if f != nil {
		return latest, true, nil
	}
	if err := st.countRead(); err != nil {
		return entry{}, false, err
	}
	st.keyBuf = appendKey(st.keyBuf[:0], entryPrefix, st.meta.ID, key)
	e, ok, err := readEntry(st.store.db, st.keyBuf)
	if err == nil && !ok {
		e, err = st.absent(key)
	}
	return e, ok, err
}

// readEntry reads an entry by its key in the database.
func readEntry(from reader, key []byte) (entry, bool, error) {
	value, closer, err := from.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return entry{}, false, nil
	}
	if err != nil {
		return entry{}, false, err
	}
	e, err := parseEntry(value)
	return e, true, errors.Join(err, closer.Close())
}

// take counts a new version of a key as in flight.
func (st *Stream) take(key []byte, was entry, digest Digest) Version {
	if st.index != nil {
		st.index.Remove(was.digest)
	}
	if st.filters() {
		st.given.Add(key)
	}
	e := entry{digest: digest, ordinal: was.ordinal, revision: was.after(digest)}
	st.mu.Lock()
	defer st.mu.Unlock()
	f := st.pending[string(key)]
	if f == nil {
		f = &flight{}
		st.pending[string(key)] = f
	}
	f.entry = e
	f.count++
	return Version{e}
}

// removePending takes versions out of flight again.
func (st *Stream) removePending(rows []Row) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, row := range rows {
		f := st.pending[string(row.Key)]
		if f == nil {
			continue // it comes from Unseen, which has nothing in flight
		}
		if f.count--; f.count == 0 {
			delete(st.pending, string(row.Key))
		}
	}
}
