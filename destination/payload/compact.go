package payload

import (
	"bytes"
	"maps"
	"slices"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
)

// Compacts reports whether the rows of a sync mode may be compacted. In the others a row is not
// only the state of its key: the endpoint has to see each of them.
func Compacts(m config.SyncMode) bool { return m == config.Upsert || m == config.Mirror }

// Compact finds which of some rows of a batch are sent if, of several with one key, only the last
// is. It returns them in order, and for each of the others the row that is sent in its place. A row
// replaces earlier ones whose primary_key is written as its own is. The rows to be sent have, in
// the batch, the operation that leads to them from what the endpoint has; if what is sent of a row
// does not show its operation, and may yet depend on it, the rows of its key are all sent.
func Compact(b *batching.Batch, rows []int) (sent []int, replacedBy map[int]int) {
	replacedBy = make(map[int]int)
	last := make(map[uint64]int, len(rows)) // rows by the hashes of their keys
	first := make(map[int]int)              // the earliest row that another one replaces
	for _, row := range slices.Backward(rows) {
		later, found := last[b.Key(row)]
		switch {
		case !found:
			last[b.Key(row)] = row
		case sameKey(b, later, row):
			replacedBy[row], first[later] = later, row
		}
	}
	for later, row := range first {
		if restate(b, later, ReadRow(b, row).Operation) {
			delete(first, later)
		}
	}
	maps.DeleteFunc(replacedBy, func(_, later int) bool {
		_, unclear := first[later]
		return unclear
	})
	for _, row := range rows {
		if _, replaced := replacedBy[row]; !replaced {
			sent = append(sent, row)
		}
	}
	return sent, replacedBy
}

func sameKey(b *batching.Batch, later, row int) bool {
	key := ReadRow(b, later).PrimaryKey
	return len(key) > 0 && bytes.Equal(key, ReadRow(b, row).PrimaryKey)
}

// restate makes the operation of a row the one that leads to it from what the endpoint has, which
// the operation of the first row that it replaces tells. Removing what was only added in the batch
// is safe: it is sent as it is. It reports whether that can be done.
func restate(b *batching.Batch, row int, first Operation) bool {
	own, operation := ReadRow(b, row).Operation, Changed
	if first == Added {
		operation = Added
	}
	if own == operation || own != Added && own != Changed {
		return true
	}
	if m := ReadMetadata(b.Metadata(row)); m.hidden != nil {
		return false
	}
	b.SetRow(row, setOperation(b.Row(row), own, operation))
	return true
}

// setOperation returns the row with another operation.
func setOperation(row []byte, before, after Operation) []byte {
	quoted := rowFields.Find(row, nil)[2]
	start := cap(row) - cap(quoted) + len(`"`)
	return slices.Concat(row[:start], []byte(after), row[start+len(before):])
}
