package payload

import "destination-webhook/protocol"

// Metadata is what is kept of a row beside its batch, and not sent.
type Metadata struct {
	Version  []byte // what the snapshot stores of the row once it is confirmed; empty if it is not compared
	IsRecord bool   // the source sent the row; else it was found to have left, and has no dead letter

	EmittedAt, Changes []byte // of the record, as they came; nil if it has none
}

// Metadata is stored as the length of the version in a byte, the version, and for a record that may
// become a dead letter an object of its members.

// beginMetadata begins the metadata of a row. A Differ appends the version.
func beginMetadata(dst []byte) []byte { return append(dst[:0], 0) }

// endVersion ends the version.
func endVersion(metadata []byte) []byte {
	metadata[0] = byte(len(metadata) - 1)
	return metadata
}

// appendRecord appends what a dead letter needs of a record beyond its data.
func appendRecord(dst []byte, r *protocol.Record) []byte {
	dst = append(dst, `{"n":0`...)
	dst = appendMember(dst, emittedAtMember, r.EmittedAt)
	dst = appendMember(dst, changesMember, r.Changes)
	return append(dst, '}')
}

var recordFields = protocol.NewLookup([]string{"emitted_at"}, []string{"changes"})

// ReadMetadata reads the metadata of a row that an Encoder has written.
func ReadMetadata(b []byte) Metadata {
	if len(b) == 0 {
		return Metadata{}
	}
	version, record := b[1:1+b[0]], b[1+b[0]:]
	if len(record) == 0 {
		return Metadata{Version: version}
	}
	fields := recordFields.Find(record, nil)
	return Metadata{Version: version, IsRecord: true, EmittedAt: fields[0], Changes: fields[1]}
}
