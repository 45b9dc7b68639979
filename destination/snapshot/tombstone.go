package snapshot

// A key that was removed, or whose first row was rejected, keeps its revision as a tombstone until
// a sync ends well: the same row, added once more in the same epoch, is no repetition. After that
// the epoch tells them apart, and all tombstones go.

func (st *Stream) graves() (from, to []byte) {
	return streamKey(gravePrefix, st.meta.ID), streamKey(gravePrefix, st.meta.ID+1)
}

// findTombstones looks whether there are any, so that a stream without them pays nothing for them.
func (st *Stream) findTombstones() error {
	none, err := st.store.empty(st.graves())
	st.tombstones.Store(!none)
	return err
}

// forgetRemoved deletes what is known of keys that are not there, at the end of a sync that ended
// well.
func (st *Stream) forgetRemoved(batch writeBatch) error {
	if err := st.forgetSpellings(batch); err != nil {
		return err
	}
	from, to := st.graves()
	return batch.DeleteRange(from, to, nil)
}

// absent returns what is known of a key that has no entry: its revision.
func (st *Stream) absent(key []byte) (entry, error) {
	e := entry{revision: st.newest()}
	if !st.tombstones.Load() {
		return e, nil
	}
	st.keyBuf = appendKey(st.keyBuf[:0], gravePrefix, st.meta.ID, key)
	grave, ok, err := readEntry(st.store.db, st.keyBuf)
	if ok {
		e.revision = grave.revision
	}
	return e, err
}

// bury stores the revision of a key that has no entry. It uses buf and returns it.
func (st *Stream) bury(batch writeBatch, key []byte, r revision, buf []byte) []byte {
	st.tombstones.Store(true)
	buf = appendKey(buf[:0], gravePrefix, st.meta.ID, key)
	n := len(buf)
	buf = entry{digest: tombstone, revision: r}.append(buf)
	set(batch, buf[:n], buf[n:], false)
	return buf
}

// advance gives the key of a rejected row the next revision: the endpoint may remember the request,
// so the row's next one must not look like its repetition. Everything else stays as it was, unless
// the endpoint may have the row.
func (st *Stream) advance(batch writeBatch, row Row, buf []byte) ([]byte, error) {
	buf = appendKey(buf[:0], entryPrefix, st.meta.ID, row.Key)
	e, ok, err := readEntry(batch, buf)
	if err != nil {
		return buf, err
	}
	if row.Uncertain {
		e, ok = e.uncertainAfterRejection(row, ok)
	}
	if !ok {
		return st.bury(batch, row.Key, row.Version.revision, buf), nil
	}
	if row.Version.compare(e.revision) > 0 {
		e.revision, e.sent = row.Version.revision, Digest{}
	}
	n := len(buf)
	buf = e.append(buf)
	set(batch, buf[:n], buf[n:], false)
	if row.Uncertain && !row.removed() && st.store.options.KeepRows {
		buf[0] = rowPrefix
		set(batch, buf[:n], row.Data, false)
	}
	return buf, nil
}

// uncertainAfterRejection returns the entry after a row that the endpoint has rejected and may
// have. found is set if there was one before.
func (e entry) uncertainAfterRejection(row Row, found bool) (entry, bool) {
	switch {
	case found:
		e.digest = e.uncertainAfter(row).digest
	case !row.removed():
		e = entry{digest: uncertainAdded, ordinal: row.Version.ordinal}
		found = true
	}
	return e, found
}
