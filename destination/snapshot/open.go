package snapshot

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/snapshot/disk"
	"destination-webhook/destination/snapshot/local"
)

// Open opens the snapshot in dir, and makes a new one if dir is empty or missing. It holds a lock
// until Close. It returns when ctx ends, whatever the disk does.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	return openIn(ctx, vfs.Default, dir, o)
}

func openIn(ctx context.Context, files vfs.FS, dir string, o Options) (*Store, error) {
	s := newStore(files, dir, o, disk.Options{})
	if err := s.disk.Run(ctx, s.open); err != nil {
		return nil, errors.Join(s.fail("opening", err), s.release())
	}
	return s, nil
}

// OpenCopy opens a copy of the snapshot in dir, in a folder below scratch that the caller removes.
// It holds the lock of dir while it copies.
func OpenCopy(ctx context.Context, dir, scratch string, o Options) (*Store, error) {
	s, to := newStore(vfs.Default, dir, o, disk.Options{}), filepath.Join(scratch, "snapshot")
	if err := s.disk.Run(ctx, func() error { return s.disk.Copy(ctx, to) }); err != nil {
		return nil, s.fail("copying", err)
	}
	return Open(ctx, to, o)
}

// Probe tells why a sync could not work in dir, as far as that shows without opening what is there:
// another sync may be using it. It leaves the folder as it was.
func Probe(dir string) error {
	s := newStore(vfs.Default, dir, Options{}, disk.Options{})
	if err := s.disk.Probe(); err != nil {
		return s.fail("opening", err)
	}
	return nil
}

func newStore(files vfs.FS, dir string, o Options, in disk.Options) *Store {
	s := &Store{options: o, streams: map[string]*Stream{}}
	in.MinFree = local.MinFree
	if o.Fatal != nil {
		in.Fatal = func(err error) { o.Fatal(s.fail("writing", err)) }
	}
	s.disk = disk.New(files, dir, in)
	return s
}

func (s *Store) open() error {
	fresh, err := s.disk.Open()
	if err != nil {
		return err
	}
	if s.local, err = local.Open(s.disk, s.databaseOptions(fresh)); err != nil {
		return s.notOpened(err)
	}
	s.db = localDB{s.local}
	return s.load(fresh)
}

func (s *Store) databaseOptions(fresh bool) local.Options {
	o := local.Options{Fresh: fresh}
	if s.remote != nil {
		o.Uploads, o.Size, o.MinPart = true, s.remote.Size(), local.MinPart
	}
	if s.options.tuned != nil {
		s.options.tuned(&o)
	}
	return o
}

// notOpened is the error of a database that cannot be opened.
func (s *Store) notOpened(err error) error {
	if explained := s.disk.Explain(err); explained != err { //nolint:errorlint // was anything added?
		return explained
	}
	return fmt.Errorf("its files do not fit together: %w; %s", err, disk.StartOver)
}

// load checks whose store it is, and takes in what the syncs before left.
func (s *Store) load(fresh bool) error {
	if err := s.checkVersion(fresh); err != nil {
		return err
	}
	if err := s.findLastID(); err != nil {
		return err
	}
	if err := s.recover(); err != nil || s.options.KeepRows {
		return err
	}
	// Rows that are not kept up to date any more would be wrong once they are asked for.
	return s.erase([]byte{rowPrefix}, []byte{rowPrefix + 1})
}

// checkVersion reads the store's version, and writes it to a new store. One that holds nothing is
// new as well: the process that made it died before it came this far.
func (s *Store) checkVersion(fresh bool) error {
	empty, err := s.empty(nil, nil)
	if err != nil {
		return err
	}
	if fresh || empty {
		return s.set(versionKey, []byte(version), pebble.Sync)
	}
	found, _, err := s.get(versionKey)
	if err == nil && string(found) == versionBefore {
		return s.set(versionKey, []byte(version), pebble.Sync)
	}
	if err == nil && string(found) != version {
		err = fmt.Errorf("%w (found %s, want %q): %s", disk.ErrForeign, disk.ShownVersion(found), version, disk.StartOver)
	}
	return err
}
