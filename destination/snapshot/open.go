package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Open opens the snapshot in dir, and makes a new one if dir is empty or missing. It holds a lock
// until Close. It returns when ctx ends, whatever the disk does.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	return openIn(ctx, vfs.Default, dir, o)
}

func openIn(ctx context.Context, files vfs.FS, dir string, o Options) (*Store, error) {
	s := newStore(files, dir, o)
	if err := s.run(ctx, s.open); err != nil {
		return nil, errors.Join(s.fail("opening", err), s.release())
	}
	return s, nil
}

func newStore(files vfs.FS, dir string, o Options) *Store {
	s := &Store{dir: dir, options: o, failure: failure{done: make(chan struct{})}, streams: map[string]*Stream{}}
	s.files = watched(files, &s.failure, s.diskFailed)
	return s
}

func (s *Store) open() error {
	if err := s.checkFolder(); err != nil {
		return err
	}
	if err := s.files.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	fresh, err := s.recognize()
	if err != nil {
		return err
	}
	if err := s.checkSpace(0); err != nil {
		return err
	}
	if err := s.acquire(); err != nil {
		return err
	}
	if err := s.verifyChecksum(); err != nil {
		return err
	}
	if s.local, err = pebble.Open(s.dir, s.tuning(fresh)); err != nil {
		return s.notOpened(err)
	}
	s.db = localDB{s.local}
	s.parts.db.Store(s.local)
	return s.load(fresh)
}

// notOpened is the error of a database that cannot be opened.
func (s *Store) notOpened(err error) error {
	if explained := s.explain(err); explained != err { //nolint:errorlint // was anything added?
		return explained
	}
	return fmt.Errorf("its files do not fit together: %w; %s", err, startOver)
}

// recognize reports whether a snapshot has still to be made in the folder, and refuses one that
// holds anything else.
func (s *Store) recognize() (fresh bool, err error) {
	names, err := s.files.List(s.dir)
	if err != nil {
		return false, err
	}
	found, err := pebble.Peek(s.dir, s.files)
	if err != nil || found.Exists {
		return false, err
	}
	if slices.ContainsFunc(names, foreign) {
		return false, fmt.Errorf("%w: name an empty folder, or %s", errForeign, startOver)
	}
	return true, nil
}

// beginnings is what a process leaves that dies while it makes a snapshot; lost+found is in the
// root of a mounted volume.
var beginnings = regexp.MustCompile(`^(LOCK|lost\+found|marker\..*|MANIFEST-\d+|.*\.dbtmp)$`)

func foreign(name string) bool { return !beginnings.MatchString(name) }

func (s *Store) acquire() error {
	var err error
	s.lock, err = pebble.LockDirectory(s.dir, s.files)
	var file *fs.PathError // the lock's file could not be made at all
	if err != nil && !errors.As(err, &file) {
		return fmt.Errorf("%w (%w)", ErrInUse, err)
	}
	return err
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

func (s *Store) tuning(fresh bool) *pebble.Options {
	o := &pebble.Options{
		FS:                 s.files,
		Lock:               s.lock,
		CacheSize:          cacheSize,
		MemTableSize:       memTableSize,
		FormatMajorVersion: pebble.FormatTableFormatV6,
		ErrorIfNotExists:   !fresh,
		Logger:             logger{s},
		EventListener:      s.events(),
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(bitsPerKey)
	}
	if s.remote != nil {
		s.tuneForUploads(o)
	}
	if s.options.tuned != nil {
		s.options.tuned(s, o)
	}
	return o
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
		err = fmt.Errorf("%w (found %s, want %q): %s", errForeign, shownVersion(found), version, startOver)
	}
	return err
}
