package snapshot

import (
	"encoding/binary"
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// A scan reads everything once, in order, and meanwhile the disk keeps no table that a compaction
// has replaced, but for a moment.
func TestScansLetGoOfTables(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	const rows, size = 40, scannedAtOnce / 10
	for range 2 { // the second time there is something to replace
		for i := range rows {
			key := binary.BigEndian.AppendUint32([]byte{rowPrefix}, uint32(i)) //nolint:gosec // a small number
			if err := store.set(key, make([]byte, size), pebble.NoSync); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.local.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	read := uint32(0)
	err := store.scan([]byte{rowPrefix}, []byte{rowPrefix + 1}, func(key, value []byte) error {
		if n := binary.BigEndian.Uint32(key[1:]); n != read || len(value) != size {
			t.Errorf("row %d has number %d and %d bytes", read, n, len(value))
		}
		switch read++; read {
		case 1:
			return store.local.Compact(t.Context(), []byte{rowPrefix}, []byte{rowPrefix + 1}, false)
		case rows:
			if kept := store.local.Metrics().Table.ZombieSize; kept > 0 {
				t.Errorf("at its end the scan keeps %d bytes that were replaced", kept)
			}
		}
		return nil
	})
	if err != nil || read != rows {
		t.Errorf("read %d rows: %v", read, err)
	}
	closeStore(t, store)
}

// scans counts the scans of a database.
type scans struct {
	database
	count int
}

func (s *scans) scan(from, to []byte, f func(key, value []byte) error) error {
	s.count++
	return s.database.scan(from, to, f)
}

// To find what has left takes a scan, unless the sync itself has made all that there is.
func TestFirstSyncLooksForNothingThatLeft(t *testing.T) {
	dir := t.TempDir()
	for generation, want := range []int{0, 1} {
		store := open(t, dir, Options{})
		stream := openStream(t, store, "users", int64(generation+1))
		deliver(t, stream, string(rune('a'+generation)), `{"v":1}`, Added)
		counted := &scans{database: store.db}
		store.db = counted
		left, before, err := stream.CountUnseen()
		if err != nil || left != generation || before != generation || counted.count != want {
			t.Errorf("sync %d: %d of %d left (%v), found by %d scans, want %d", generation, left, before, err, counted.count, want)
		}
		closeStore(t, store)
	}
}
