package snapshot

// Version is what Diff returns for a row and Begin takes back: the entry that the row becomes once
// it is confirmed.
type Version struct{ entry }

// Append writes the version to buf, for ParseVersion.
func (v Version) Append(buf []byte) []byte { return v.entry.append(buf) }

// AppendReplaced writes to buf which state of its key the row replaces. It is the same for two rows
// of a key only if the second repeats the first, or is another row.
func (v Version) AppendReplaced(buf []byte) []byte { return v.before().append(buf) }

// AppendContent writes to buf what the endpoint has of the key once the version is confirmed.
func (v Version) AppendContent(buf []byte) []byte { return append(buf, v.digest[:]...) }

// AppendContent writes to buf what the endpoint has of a key, as it was confirmed: the same text as
// long as nothing else of the key is confirmed. certain is false if a request was begun whose
// outcome is not known. It is safe for concurrent use.
func (st *Stream) AppendContent(buf, key []byte) (content []byte, certain bool, err error) {
	e, ok, err := readEntry(st.store.db, appendKey(nil, entryPrefix, st.meta.ID, key))
	if err != nil {
		return buf, false, st.store.fail("reading", err)
	}
	if !ok {
		e.digest = tombstone
	}
	return append(buf, e.digest[:]...), !e.digest.uncertain(), nil
}

// Nothing is the version of a key that the endpoint has no row of.
var Nothing = Version{entry{digest: tombstone}}

// ParseVersion reads a version that Append has written.
func ParseVersion(buf []byte) (Version, error) {
	e, err := parseEntry(buf)
	return Version{e}, err
}
