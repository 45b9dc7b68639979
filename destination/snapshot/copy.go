package snapshot

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/bucket"
)

// OpenCopy opens a copy of the snapshot in dir, in a folder below scratch that the caller removes.
// It holds the lock of dir while it copies: of a snapshot that a sync works on, no two files fit
// together.
func OpenCopy(ctx context.Context, dir, scratch string, o Options) (*Store, error) {
	s, to := newStore(vfs.Default, dir, o), filepath.Join(scratch, "snapshot")
	if err := s.run(ctx, func() error { return s.copyTo(ctx, to) }); err != nil {
		return nil, s.fail("copying", err)
	}
	return Open(ctx, to, o)
}

// copyTo copies the store's files. If there is no store, there is nothing to copy.
func (s *Store) copyTo(ctx context.Context, to string) (err error) {
	fresh, err := s.recognize()
	if fresh || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.acquire(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.release()) }()
	names, err := s.files.List(s.dir)
	if err == nil {
		err = os.Mkdir(to, 0o700)
	}
	for _, name := range names {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && name != "LOCK" {
			err = copyFile(s.path(name), filepath.Join(to, name))
		}
	}
	return err
}

// copyFile copies a regular file; the store has no others.
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

// OpenRemoteCopy opens a copy of the snapshot that a bucket holds, in a folder below scratch that
// the caller removes. The bucket is only read.
func OpenRemoteCopy(ctx context.Context, b *bucket.Bucket, scratch string, o Options) (*Store, error) {
	s, err := OpenRemote(ctx, b, scratch, o)
	if err != nil {
		return nil, err
	}
	s.remote = nil
	return s, nil
}
