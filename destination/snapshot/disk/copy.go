package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Copy copies the files of the database to a folder that it makes. If there is no database, there
// is nothing to copy. It holds the lock meanwhile: of a database that a sync works on, no two files
// fit together.
func (f *Folder) Copy(ctx context.Context, to string) (err error) {
	fresh, err := f.recognize()
	if fresh || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.acquire(); err != nil {
		return err
	}
	defer func() {
		if f.Failure() == nil { // or somebody may still be at work in it
			err = errors.Join(err, f.Unlock())
		}
	}()
	names, err := f.files.List(f.dir)
	if err == nil {
		err = os.Mkdir(to, 0o700)
	}
	for _, name := range names {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && name != "LOCK" {
			err = copyFile(f.Path(name), filepath.Join(to, name))
		}
	}
	return err
}

// copyFile copies a regular file; the database has no others.
func copyFile(from, to string) error {
	if info, err := os.Lstat(from); err != nil || !info.Mode().IsRegular() {
		return err
	}
	source, err := os.Open(from) //nolint:gosec // a file of the snapshot
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // it was read from only
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
