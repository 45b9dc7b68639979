package local

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/snapshot/disk"
)

// openForUploads makes a database whose files are uploaded. tune may be nil.
func openForUploads(t *testing.T, tune func(*pebble.Options)) (*disk.Folder, *DB) {
	t.Helper()
	folder := disk.New(vfs.Default, t.TempDir(), disk.Options{Scratch: true})
	fresh, err := folder.Open()
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(folder, Options{Fresh: fresh, Uploads: true, MinPart: MinPart, Tune: tune})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), folder.Unlock()); err != nil {
			t.Error(err)
		}
	})
	return folder, db
}

// The logs of a snapshot in a bucket take little of the scratch folder's disk, however much is
// written.
func TestLogsTakeLittleOfTheDisk(t *testing.T) {
	folder, db := openForUploads(t, nil)
	for i := range 160 {
		if err := db.Set([]byte{'r', byte(i)}, make([]byte, 1<<20), pebble.NoSync); err != nil { //nolint:gosec // below 256
			t.Fatal(err)
		}
	}
	logs, err := filepath.Glob(filepath.Join(folder.Dir(), "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatal(logs, err)
	}
	size := int64(0)
	for _, log := range logs {
		info, err := os.Stat(log)
		if err != nil {
			continue // it has just been removed
		}
		size += info.Size()
	}
	if most := int64(3*minMem + 1<<20); size > most {
		t.Errorf("%d logs take %d bytes, want at most %d", len(logs), size, most)
	}
}

// A new store is parted as soon as there are tables: no compaction takes all that was flushed.
func TestNewStoreIsCompactedInParts(t *testing.T) {
	var largest, count atomic.Uint64
	_, db := openForUploads(t, func(o *pebble.Options) {
		o.EventListener.CompactionEnd = func(info pebble.CompactionInfo) {
			size := uint64(0)
			for _, level := range info.Input {
				for _, table := range level.Tables {
					size += table.Size
				}
			}
			largest.Store(max(largest.Load(), size))
			count.Add(1)
		}
	})
	random := rand.NewChaCha8([32]byte{})
	const rows, size = 100_000, 1000
	for range rows {
		row := make([]byte, size)
		_, _ = random.Read(row)
		if err := db.Set(append([]byte{'r'}, row[:20]...), row, pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.CompactAll(); err != nil {
		t.Fatal(err)
	}
	if most := uint64(rows * size / 6); largest.Load() > most || count.Load() < 6 {
		t.Errorf("the largest of %d compactions read %d bytes, want at most %d", count.Load(), largest.Load(), most)
	}
}

// The end of a first sync compacts everything, but not in one go: the disk holds what a compaction
// reads until it has written all that replaces it.
func TestFirstSyncIsCompactedInParts(t *testing.T) {
	_, db := openForUploads(t, nil)
	fill := func(seed byte) {
		random := rand.NewChaCha8([32]byte{seed}) // which no compression makes smaller
		for i := range 64 {
			value := make([]byte, 1<<20)
			_, _ = random.Read(value)
			if err := db.Set([]byte{'r', byte(i)}, value, pebble.NoSync); err != nil { //nolint:gosec // below 64
				t.Fatal(err)
			}
		}
	}
	fill(1)
	if err := db.CompactAll(); err != nil {
		t.Fatal(err)
	}
	fill(2)
	before := db.Metrics().Compact.Count
	if err := db.CompactAll(); err != nil {
		t.Fatal(err)
	}
	after := db.Metrics()
	if parts := after.Compact.Count - before; parts < 4 {
		t.Errorf("it was compacted in %d parts", parts)
	}
	for i, level := range after.Levels[:len(after.Levels)-1] {
		if level.TablesCount > 0 {
			t.Errorf("level %d has %d tables", i, level.TablesCount)
		}
	}
}
