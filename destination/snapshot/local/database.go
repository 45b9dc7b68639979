package local

import (
	"context"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"destination-webhook/destination/snapshot/disk"
)

const (
	// cacheSize holds the blocks of a million keys; what does not fit is read again, as a rule from
	// the system's own cache.
	cacheSize = 64 << 20
	// memTableSize bounds what is in memory before it becomes a file; there may be two.
	memTableSize = 32 << 20
	// bitsPerKey makes a bloom filter answer for 99 % of the keys that a file does not have.
	bitsPerKey = 10
	// MinFree is the free space, in bytes, without which no database should be opened: a table in
	// memory and its log, twice.
	MinFree = 2 * memTableSize
)

// Options are the choices of whoever opens a database.
type Options struct {
	Fresh   bool   // it has still to be made
	Uploads bool   // its files are uploaded, so that it rewrites less
	Size    int64  // how large it is, in bytes, if its files are uploaded
	MinPart uint64 // as the constant, if its files are uploaded
	// Tune changes thresholds, for tests. It may be nil.
	Tune func(*pebble.Options)
}

// DB is a database in a folder.
type DB struct {
	*pebble.DB
	parts parts
}

// Open opens the database in a folder, which is open.
func Open(folder *disk.Folder, o Options) (*DB, error) {
	db := &DB{parts: parts{least: o.MinPart}}
	opened, err := pebble.Open(folder.Dir(), db.tuning(folder, o))
	if err != nil {
		return nil, err
	}
	db.DB = opened
	db.parts.db.Store(opened)
	return db, nil
}

func (db *DB) tuning(folder *disk.Folder, choices Options) *pebble.Options {
	o := &pebble.Options{
		CacheSize:          cacheSize,
		MemTableSize:       memTableSize,
		FormatMajorVersion: pebble.FormatTableFormatV6,
		ErrorIfNotExists:   !choices.Fresh,
	}
	folder.Configure(o)
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(bitsPerKey)
	}
	if choices.Uploads {
		db.tuneForUploads(o, choices.Size)
	}
	if choices.Tune != nil {
		choices.Tune(o)
	}
	return o
}

// CompactAll moves everything to the last level, part by part.
func (db *DB) CompactAll() error {
	return db.parts.each(func(from, to []byte) error {
		return db.Compact(context.Background(), from, to, false)
	})
}

// Checkpoint links and copies the database's files, as they are at one moment, to a folder that it
// makes.
func (db *DB) Checkpoint(dir string) error {
	if err := db.shortenLog(); err != nil {
		return err
	}
	return db.DB.Checkpoint(dir, pebble.WithFlushedWAL())
}
