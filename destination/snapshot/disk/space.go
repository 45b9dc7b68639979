package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Explain adds to an error of the disk what to do about it.
func (f *Folder) Explain(err error) error {
	const resume = "the next sync sends again what is not stored"
	switch {
	case err == nil, errors.Is(err, ErrFull), errors.Is(err, ErrFailed):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: free at least %d MB in %s, and %s: %w", ErrFull, f.shortage(), f.dir, resume, err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("%w: too many files are open: raise the limit (ulimit -n) or lower max_concurrent_requests, and %s: %w", ErrFailed, resume, err)
	case errors.Is(err, errStalled), errors.Is(err, syscall.EIO), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: look at the disk of %s, and %s: %w", ErrFailed, f.dir, resume, err)
	}
	return err
}

const megabyte = 1 << 20

// shortage is how much has to be freed before the folder can be opened, in MB.
func (f *Folder) shortage() uint64 {
	free, known := freeSpace(f.files, f.dir)
	if !known || free >= f.options.MinFree {
		return f.options.MinFree / megabyte // it was too little anyway
	}
	return (f.options.MinFree-free)/megabyte + 1
}

// CheckSpace returns an error if the disk of the folder has no room to open it and write extra
// bytes.
func (f *Folder) CheckSpace(extra int64) error {
	need := f.options.MinFree + uint64(max(extra, 0)) //nolint:gosec // it is not negative
	free, known := freeSpace(f.files, f.dir)
	if !known || free >= need {
		return nil
	}
	return fmt.Errorf("%w: free at least %d MB in %s", ErrFull, (need-free)/megabyte+1, f.dir)
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
