package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options are the choices of whoever opens a store.
type Options struct {
	// KeepRows stores the last row of each key, so that a removed row carries its data. Rows that
	// were stored without it have none until they change. Without it, stored rows are deleted.
	KeepRows bool
	// Fatal is called once, from any goroutine, when the disk below the store fails, say because it
	// is full: the sync has to end. From then on every write fails with the same error. It may be
	// nil, and must not wait.
	Fatal func(error)
}

// Store is a snapshot in a folder. Its methods are safe for concurrent use, except for Close, which
// comes last.
type Store struct {
	dir     string
	files   watchedFS
	options Options
	db      *pebble.DB
	lock    *pebble.Lock
	remote  *remote // nil for a folder alone

	intent  atomic.Uint64 // the last one's number
	failure failure

	mu      sync.Mutex
	streams map[string]*Stream
	lastID  uint32 // the highest number of a stream
}

var (
	// ErrInUse is the error of opening what another sync works on.
	ErrInUse = errors.New("another sync is using it: let it finish, or give each connection a folder of its own")
	// ErrForeign is the error of a folder or object that is no snapshot of this version.
	ErrForeign = errors.New("it is not a snapshot that this version reads")
)

// startOver ends the message about a snapshot that cannot be used. It is not done silently: all
// rows are sent again, and rows that left meanwhile are never removed.
const startOver = "to start over, delete it, and every row is sent again"

const (
	// cacheSize holds the blocks of a million keys; what does not fit is read again, as a rule from
	// the system's own cache.
	cacheSize = 64 << 20
	// memTableSize bounds what is in memory before it becomes a file; there may be two.
	memTableSize = 32 << 20
	// bitsPerKey makes a bloom filter answer for 99 % of the keys that a file does not have.
	bitsPerKey = 10
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
	if s.db, err = pebble.Open(s.dir, s.tuning(fresh)); err != nil {
		return s.notOpened(err)
	}
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
		return false, fmt.Errorf("%w: name an empty folder, or %s", ErrForeign, startOver)
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

// erase deletes a range, also from the disk, unless there is nothing in it.
func (s *Store) erase(from, to []byte) error {
	if empty, err := s.empty(from, to); empty || err != nil {
		return err
	}
	return s.update(func() error {
		if err := s.db.DeleteRange(from, to, pebble.NoSync); err != nil {
			return err
		}
		return s.db.Compact(context.Background(), from, to, false)
	})
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
		err = fmt.Errorf("%w (found %s, want %q): %s", ErrForeign, shownVersion(found), version, startOver)
	}
	return err
}

// empty reports whether there is nothing in a range.
func (s *Store) empty(from, to []byte) (bool, error) {
	err := s.scan(from, to, func([]byte, []byte) error { return errStopped })
	if errors.Is(err, errStopped) {
		return false, nil
	}
	return err == nil, err
}

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
// nothing to do: what was confirmed is there.
func (s *Store) Save(ctx context.Context) error {
	if s.remote == nil {
		return nil
	}
	return s.remote.save(ctx, s)
}

// Close stores what each stream has seen and closes the store; one in a bucket is saved first. The
// rows of batches that were begun and not confirmed stay uncertain. Close returns when ctx ends,
// whatever the disk does. After a failure of the disk it writes nothing, and the folder stays
// locked until the process ends, as the database may still be at work in it. A second Close does
// nothing.
func (s *Store) Close(ctx context.Context) error {
	if s.db == nil {
		return nil
	}
	err := s.run(ctx, s.flush)
	if err == nil {
		err = s.Save(ctx)
	}
	err = errors.Join(err, s.closeDB(ctx))
	if err == nil && s.remote == nil {
		err = s.run(ctx, s.storeChecksum)
	}
	if err != nil {
		err = s.fail("closing", err)
	}
	return errors.Join(err, s.release())
}

// flush writes what is in memory to tables, which are smaller than the log and are read faster by
// the next sync.
func (s *Store) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stream := range s.streams {
		if err := stream.close(); err != nil {
			return err
		}
	}
	return s.db.Flush()
}

func (s *Store) closeDB(ctx context.Context) error {
	db := s.db
	s.db = nil
	if db == nil || s.failure.get() != nil {
		return nil
	}
	return s.run(ctx, db.Close)
}

// release unlocks the folder, unless the store is abandoned.
func (s *Store) release() error {
	var err error
	if s.failure.get() == nil {
		err = s.unlock()
	}
	if s.remote != nil {
		err = errors.Join(err, s.removeScratch())
	}
	return err
}

// removeTime is how long the removal of an abandoned store's folder may take.
const removeTime = 10 * time.Second

// removeScratch removes the folder of a store that is in a bucket. That of an abandoned one is
// removed as far as the disk does it in time.
func (s *Store) removeScratch() error {
	if s.failure.get() == nil {
		return os.RemoveAll(s.dir)
	}
	removed := make(chan struct{})
	go func() {
		defer close(removed)
		_ = os.RemoveAll(s.dir)
	}()
	select {
	case <-removed:
	case <-time.After(removeTime):
	}
	return nil
}

func (s *Store) unlock() error {
	err := s.closeDB(context.Background())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
		s.lock = nil
	}
	return err
}

// fail says which snapshot, and what to do about one that is damaged.
func (s *Store) fail(doing string, err error) error {
	place := s.dir
	if s.remote != nil {
		place = s.remote.String()
	}
	if pebble.IsCorruptionError(err) {
		return fmt.Errorf("%s the snapshot in %s: it is damaged: %w; %s", doing, place, err, startOver)
	}
	return fmt.Errorf("%s the snapshot in %s: %w", doing, place, err)
}

// shownVersion shows a version that was found, or only its length if it cannot be one. It does not
// cut: secrets are masked later, and half a secret would not be recognised.
func shownVersion[T ~string | ~[]byte](found T) string {
	if len(found) > 40 {
		return fmt.Sprintf("a text of %d bytes", len(found))
	}
	return strconv.Quote(string(found))
}
