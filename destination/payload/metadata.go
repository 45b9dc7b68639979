package payload

import (
	"encoding/binary"
	"strconv"

	"destination-webhook/batching"
	"destination-webhook/protocol"
)

// Metadata is what is kept of a row beside its batch, and not sent.
type Metadata struct {
	// What the snapshot stores of the row once it is confirmed; empty if it is not compared.
	Version  []byte
	IsRecord bool   // the source sent the row; else it was found to have left, and has no dead letter
	Reason   string // why a suppressed row is rejected before it is sent; "" if it is not
	Retry    Retry  // of a row that was rejected before; else its ID is ""

	Rejection          []byte // of the dead letter that the record is; nil if it is none
	EmittedAt, Changes []byte // of the record, as they came; nil if it has none

	hidden *Row // what the row itself does not show; its data is nil if the row is the data
}

// Retry is what a rejected row has that later syncs try again.
type Retry struct {
	ID    string `json:"id"`    // of the row, in all of its dead letters
	Syncs int    `json:"syncs"` // that have tried it again
}

// Metadata is stored as flags in a byte, the length of the version in another one, the version, and
// the texts that the flags announce, in the order of the flags, each after its length.
const (
	hasHidden byte = 1 << iota // operation and primary key
	hasData
	hasRecord // emitted_at and changes
	hasReason
	hasRetry // id and syncs
	hasRejection
)

// beginMetadata begins the metadata of a row. A Differ appends the version.
func beginMetadata(dst []byte) []byte { return append(dst[:0], 0, 0) }

// endVersion ends the version.
func endVersion(metadata []byte) []byte {
	metadata[1] = byte(len(metadata) - 2)
	return metadata
}

// appendTexts appends the texts of a flag.
func appendTexts(metadata []byte, flag byte, texts ...[]byte) []byte {
	metadata[0] |= flag
	for _, text := range texts {
		metadata = append(binary.AppendUvarint(metadata, uint64(len(text))), text...)
	}
	return metadata
}

// appendHidden is appendTexts for the operation and the primary key, which most formats keep of
// each row.
func appendHidden(metadata []byte, operation Operation, key []byte) []byte {
	metadata[0] |= hasHidden
	metadata = append(append(metadata, byte(len(operation))), operation...)
	return append(binary.AppendUvarint(metadata, uint64(len(key))), key...)
}

// appendRecord appends what a dead letter needs of a record beyond its data.
func appendRecord(metadata []byte, r *protocol.Record) []byte {
	return appendTexts(metadata, hasRecord, r.EmittedAt, r.Changes)
}

// ReadMetadata reads the metadata of a row that an Encoder has written.
func ReadMetadata(b []byte) Metadata {
	if len(b) == 0 {
		return Metadata{}
	}
	flags, end := b[0], 2+int(b[1])
	m := Metadata{Version: b[2:end], IsRecord: flags&hasRecord != 0}
	rest := b[end:]
	next := func() (text []byte) {
		n, size := binary.Uvarint(rest)
		end := size + int(n)
		if n > 0 {
			text = rest[size:end:end]
		}
		rest = rest[end:]
		return text
	}
	if flags&hasHidden != 0 {
		m.hidden = &Row{Operation: Operation(next()), PrimaryKey: next()}
	}
	if flags&hasData != 0 {
		m.hidden.Data = next()
	}
	if m.IsRecord {
		m.EmittedAt, m.Changes = next(), next()
	}
	if flags&hasReason != 0 {
		m.Reason = string(next())
	}
	if flags&hasRetry != 0 {
		m.Retry.ID = string(next())
		m.Retry.Syncs, _ = strconv.Atoi(string(next())) // endMetadata wrote it
	}
	if flags&hasRejection != 0 {
		m.Rejection = next()
	}
	return m
}

// RejectionOf returns the Rejection of a row's metadata, and reads nothing else of one that has
// none, as is usual.
func RejectionOf(metadata []byte) []byte {
	if len(metadata) == 0 || metadata[0]&hasRejection == 0 {
		return nil
	}
	return ReadMetadata(metadata).Rejection
}

// ReadRow reads a row of a batch that an Encoder has written, in whatever format.
func ReadRow(b *batching.Batch, i int) Row {
	m := ReadMetadata(b.Metadata(i))
	return m.Row(b.Row(i))
}

// OperationOf returns the operation with which a row is sent.
func OperationOf(b *batching.Batch, i int) protocol.Operation {
	if b.IsSet(i) {
		return ReadRow(b, i).Operation.counted()
	}
	return b.Operation(i)
}

// Row returns the row to which the metadata belongs. written is what the batch has of it.
func (m *Metadata) Row(written []byte) Row {
	if m.hidden == nil {
		return readRow(written)
	}
	r := *m.hidden
	if r.Data == nil {
		r.Data = written
	}
	return r
}
