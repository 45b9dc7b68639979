package snapshot

// Version is what Diff returns for a row and Begin takes back: the entry that the row becomes once
// it is confirmed.
type Version struct{ entry }

// Append writes the version to buf, for ParseVersion.
func (v Version) Append(buf []byte) []byte { return v.entry.append(buf) }

// AppendReplaced writes to buf which state of its key the row replaces. It is the same for two rows
// of a key only if the second repeats the first, or is another row.
func (v Version) AppendReplaced(buf []byte) []byte { return v.before().append(buf) }

// ParseVersion reads a version that Append has written.
func ParseVersion(buf []byte) (Version, error) {
	e, err := parseEntry(buf)
	return Version{e}, err
}
