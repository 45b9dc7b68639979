package snapshot

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

var (
	// errFull is the error of a disk without room for the snapshot.
	errFull = errors.New("its disk is full")
	// errFailed is the error of a disk that fails in another way.
	errFailed = errors.New("its disk fails")
	// errStalled is the error of a call to the disk that did not return.
	errStalled = fmt.Errorf("no answer within %v", stallTime)
)

// minFree is the free space, in bytes, without which a store is not opened: a table in memory and
// its log, twice.
const minFree = 2 * memTableSize

// explain adds to an error of the disk what to do about it.
func (s *Store) explain(err error) error {
	const resume = "the next sync sends again what is not stored"
	switch {
	case err == nil, errors.Is(err, errFull), errors.Is(err, errFailed):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: free at least %d MB in %s, and %s: %w", errFull, s.shortage(), s.dir, resume, err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("%w: too many files are open: raise the limit (ulimit -n) or lower max_concurrent_requests, and %s: %w", errFailed, resume, err)
	case errors.Is(err, errStalled), errors.Is(err, syscall.EIO), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: look at the disk of %s, and %s: %w", errFailed, s.dir, resume, err)
	}
	return err
}

const megabyte = 1 << 20

// shortage is how much has to be freed before the store can be opened, in MB.
func (s *Store) shortage() uint64 {
	free, known := freeSpace(s.files, s.dir)
	if !known || free >= minFree {
		return minFree / megabyte // it was too little anyway
	}
	return (minFree-free)/megabyte + 1
}

// checkSpace returns an error if the disk of the store's folder has no room to open it and write
// extra bytes.
func (s *Store) checkSpace(extra int64) error {
	need := minFree + uint64(max(extra, 0)) //nolint:gosec // it is not negative
	free, known := freeSpace(s.files, s.dir)
	if !known || free >= need {
		return nil
	}
	return fmt.Errorf("%w: free at least %d MB in %s", errFull, (need-free)/megabyte+1, s.dir)
}

// freeSpace returns what a user may still write to a folder's disk, or to that of the nearest
// parent that exists.
func freeSpace(files vfs.FS, dir string) (free uint64, known bool) {
	for {
		usage, err := files.GetDiskUsage(dir)
		parent := files.PathDir(dir)
		if !errors.Is(err, fs.ErrNotExist) || parent == dir {
			return usage.AvailBytes, err == nil
		}
		dir = parent
	}
}
