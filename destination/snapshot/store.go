package snapshot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/snapshot/disk"
	"destination-webhook/destination/snapshot/local"
	"destination-webhook/destination/snapshot/remote"
)

// Options are the choices of whoever opens a store.
type Options struct {
	// KeepRows stores the last row of each key, so that a removed row carries its data. Rows that
	// were stored without it have none until they change. Without it, stored rows are deleted.
	KeepRows bool
	// KeepGenerations makes each stream go on with the generation that it has, whatever it is
	// opened with: rows outside the source's reading are sent.
	KeepGenerations bool
	// Fatal is called once, from any goroutine, when the disk below the store fails, say because it
	// is full: the sync has to end. From then on every write fails with the same error. It may be
	// nil, and must not wait.
	Fatal func(error)
	// Fetched is called while a snapshot is fetched from a bucket, with the bytes of it that have
	// arrived so far and those of the whole, by one goroutine at a time. It may be nil.
	Fetched func(done, total int64)

	tuned func(*local.Options) // changes the database's thresholds, for tests
}

// Store is a snapshot in a folder. Its methods are safe for concurrent use, except for Close, which
// comes last.
type Store struct {
	disk    *disk.Folder
	options Options
	db      database
	local   *local.DB       // the same, if it is on a disk
	tables  *tables         // the same, if it is in PostgreSQL
	remote  *remote.Session // nil for a folder alone

	intent atomic.Uint64 // the last one's number
	closed bool          // whether Close or release has closed the database, or left it

	mu      sync.Mutex
	streams map[string]*Stream
	lastID  uint32 // the highest number of a stream
}

// ErrInUse is the error of opening what another sync works on.
var ErrInUse = disk.ErrInUse

// update is run for a write, which nothing but a failure of the disk may interrupt.
func (s *Store) update(write func() error) error { return s.disk.Run(context.Background(), write) }

func (s *Store) set(key, value []byte, how *pebble.WriteOptions) error {
	return s.update(func() error { return s.db.set(key, value, how) })
}

func (s *Store) apply(batch writeBatch, how *pebble.WriteOptions) error {
	return s.update(func() error { return s.db.commit(batch, how) })
}

// erase deletes a range, also from the disk.
func (s *Store) erase(from, to []byte) error {
	return s.update(func() error { return s.db.erase(from, to) })
}

// scan calls f with each key and value in a range; both are valid during the call.
func (s *Store) scan(from, to []byte, f func(key, value []byte) error) error {
	return s.db.scan(from, to, f)
}

// empty reports whether there is nothing in a range.
func (s *Store) empty(from, to []byte) (bool, error) { return s.db.empty(from, to) }

// get returns a copy of a value.
func (s *Store) get(key []byte) ([]byte, bool, error) {
	value, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return append([]byte(nil), value...), true, closer.Close()
}

// Save makes what was confirmed so far safe from the loss of this machine. A store in a folder has
// nothing to do: what was confirmed is there. A save that ends because ctx does leaves the store as
// it was.
func (s *Store) Save(ctx context.Context) error {
	if s.remote == nil {
		return nil
	}
	return s.save(ctx, s.update)
}

// Failure returns why the store is abandoned, nil if it is not.
func (s *Store) Failure() error { return s.disk.Failure() }

// fail says which snapshot, and what to do about one that is damaged.
func (s *Store) fail(doing string, err error) error {
	place := s.disk.Dir()
	switch {
	case s.remote != nil:
		place = s.remote.String()
	case s.tables != nil:
		place = s.tables.String()
	}
	if pebble.IsCorruptionError(err) {
		return fmt.Errorf("%s the snapshot in %s: it is damaged: %w; %s", doing, place, err, disk.StartOver)
	}
	return fmt.Errorf("%s the snapshot in %s: %w", doing, place, err)
}
