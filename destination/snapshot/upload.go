package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/bucket"
)

const (
	// maxInline is the size, in bytes, up to which a file is in the manifest: to write and read a
	// small object costs a service as much as a large one.
	maxInline = 96 << 10
	// maxInlined bounds them together.
	maxInlined = 1 << 20
)

// putFiles uploads what a consistent copy of the store has and the bucket lacks, and returns the
// list of all its files.
func (r *remote) putFiles(ctx context.Context, s *Store, sequence uint64) ([]file, error) {
	folder := filepath.Join(s.dir, "checkpoint")
	if err := s.run(ctx, func() error { return s.checkpoint(folder) }); err != nil {
		return nil, err
	}
	defer func() { _ = s.update(func() error { return os.RemoveAll(folder) }) }() // Close removes what this leaves
	files, missing, err := r.compare(folder)
	if err != nil {
		return nil, err
	}
	err = inParallel(ctx, missing, func(ctx context.Context, f *file) error {
		return r.putFile(ctx, folder, f, sequence)
	})
	r.remember(files)
	return files, err
}

// checkpoint links and copies the store's files, as they are at one moment, to a folder.
func (s *Store) checkpoint(folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := s.shortenLog(); err != nil {
		return err
	}
	return s.db.Checkpoint(folder, pebble.WithFlushedWAL())
}

// compare lists the files of a checkpoint, and those of them that are neither in the bucket nor so
// small that they go into the manifest. It removes the others, so that the disk need not hold those
// that the store itself does not need any more.
func (r *remote) compare(folder string) (files []file, missing []*file, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, err
	}
	files = make([]file, len(entries)) // of this size, as missing points to its elements
	room := int64(maxInlined)
	for i, entry := range entries {
		f, path := &files[i], filepath.Join(folder, entry.Name())
		info, err := entry.Info()
		if err != nil {
			return nil, nil, err
		}
		*f = file{Name: entry.Name(), Size: info.Size()}
		switch known, ok := r.tables[f.Name]; {
		case ok:
			*f = known
		case f.Size <= min(r.inline, room):
			room -= f.Size
			f.Content, err = os.ReadFile(path) //nolint:gosec // a file of the checkpoint
		default:
			missing = append(missing, f)
			continue
		}
		if err := errors.Join(err, os.Remove(path)); err != nil {
			return nil, nil, err
		}
	}
	return files, missing, nil
}

// putFile uploads a file of a checkpoint under a name that says its content.
func (r *remote) putFile(ctx context.Context, folder string, f *file, sequence uint64) error {
	path := filepath.Join(folder, f.Name)
	content, err := os.Open(path) //nolint:gosec // a file of the checkpoint
	if err != nil {
		return err
	}
	sum := sha256.New()
	if _, err = io.Copy(sum, content); err == nil {
		_, err = content.Seek(0, io.SeekStart)
	}
	if err != nil {
		return errors.Join(err, content.Close())
	}
	name := fmt.Sprintf("%s%016d-%s", filesFolder, sequence, hex.EncodeToString(sum.Sum(nil)))
	_, err = r.bucket.Put(ctx, name, content, f.Size, bucket.Condition{})
	if err := errors.Join(err, content.Close()); err != nil {
		return err
	}
	f.Object = name
	return os.Remove(path)
}

// remember keeps which tables are in the bucket. The store never writes a table anew under the same
// name.
func (r *remote) remember(files []file) {
	r.tables = map[string]file{}
	for _, f := range files {
		if extension := filepath.Ext(f.Name); f.Object != "" && (extension == ".sst" || extension == ".blob") {
			r.tables[f.Name] = f
		}
	}
}
