package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/folder"
)

// Open makes the folder if it is missing, and locks it until Unlock. fresh is set if a database has
// still to be made in it.
func (f *Folder) Open() (fresh bool, err error) {
	if err := f.check(); err != nil {
		return false, err
	}
	if err := f.files.MkdirAll(f.dir, 0o700); err != nil {
		return false, err
	}
	if fresh, err = f.recognize(); err != nil {
		return false, err
	}
	if err := f.CheckSpace(0); err != nil {
		return false, err
	}
	if err := f.acquire(); err != nil {
		return false, err
	}
	return fresh, f.verifyChecksum()
}

// check refuses a folder that another user of the machine controls: whoever plants a snapshot
// decides which rows are not sent, and whoever plants a link for LOCK has its target overwritten.
func (f *Folder) check() error {
	if f.files.FS != vfs.Default || f.options.Scratch {
		return nil // it is no folder of the user's
	}
	if err := folder.Check(f.dir); err != nil {
		return fmt.Errorf("the folder is not safe: %w", err)
	}
	if info, err := os.Lstat(filepath.Join(f.dir, "LOCK")); err == nil && !info.Mode().IsRegular() {
		return errors.New("the folder is not safe: LOCK in it is no file")
	}
	return nil
}

// recognize reports whether a database has still to be made in the folder, and refuses one that
// holds anything else.
func (f *Folder) recognize() (fresh bool, err error) {
	names, err := f.files.List(f.dir)
	if err != nil {
		return false, err
	}
	found, err := pebble.Peek(f.dir, f.files)
	if err != nil || found.Exists {
		return false, err
	}
	if slices.ContainsFunc(names, foreign) {
		return false, fmt.Errorf("%w: name an empty folder, or %s", ErrForeign, StartOver)
	}
	return true, nil
}

// beginnings is what a process leaves that dies while it makes a database; lost+found is in the
// root of a mounted volume.
var beginnings = regexp.MustCompile(`^(LOCK|lost\+found|marker\..*|MANIFEST-\d+|.*\.dbtmp)$`)

func foreign(name string) bool { return !beginnings.MatchString(name) }

func (f *Folder) acquire() error {
	var err error
	f.lock, err = pebble.LockDirectory(f.dir, f.files)
	var file *fs.PathError // the lock's file could not be made at all
	if err != nil && !errors.As(err, &file) {
		return fmt.Errorf("%w (%w)", ErrInUse, err)
	}
	return err
}

// Unlock gives the lock back, if it is held.
func (f *Folder) Unlock() error {
	if f.lock == nil {
		return nil
	}
	err := f.lock.Close()
	f.lock = nil
	return err
}
