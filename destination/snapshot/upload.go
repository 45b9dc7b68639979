package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/bucket"
)

const (
	// maxInline is the size, in bytes, up to which a file is in the manifest: to write and read a
	// small object costs a service as much as a large one.
	maxInline = 96 << 10
	// maxInlined bounds them together.
	maxInlined = 1 << 20
)

// checkpointFolder is where a save has the store as it was at one moment, below the store's own.
const checkpointFolder = "checkpoint"

// saved is the path of a file of the checkpoint.
func (s *Store) saved(name string) string {
	return s.disk.Path(s.disk.Files().PathJoin(checkpointFolder, name))
}

// onDisk calls a function that works on the disk, as disk.Folder.Run does.
type onDisk func(func() error) error

// putFiles uploads what a consistent copy of the store has and the bucket lacks, and returns the
// list of all its files.
func (r *remote) putFiles(ctx context.Context, s *Store, disk onDisk, sequence uint64) (files []file, err error) {
	var missing []*file
	err = disk(func() (err error) {
		list, lacking, err := r.checkpoint(s)
		if err == nil {
			files, missing = list, lacking
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = inParallel(ctx, missing, func(ctx context.Context, f *file) error {
		return r.putFile(ctx, s, disk, f, sequence)
	})
	r.remember(files)
	return files, errors.Join(err, disk(func() error { return s.disk.Files().RemoveAll(s.disk.Path(checkpointFolder)) }))
}

// checkpoint links and copies the store's files, as they are at one moment, and lists them.
func (r *remote) checkpoint(s *Store) (files []file, missing []*file, err error) {
	folder := s.disk.Path(checkpointFolder)
	if err := s.disk.Files().RemoveAll(folder); err != nil { // what a save left that failed
		return nil, nil, err
	}
	if err := s.shortenLog(); err != nil {
		return nil, nil, err
	}
	if err := s.local.Checkpoint(folder, pebble.WithFlushedWAL()); err != nil {
		return nil, nil, err
	}
	return r.compare(s, folder)
}

// compare lists the files of a checkpoint, and those of them that are neither in the bucket nor so
// small that they go into the manifest. It removes the others, so that the disk need not hold those
// that the store itself does not need any more.
func (r *remote) compare(s *Store, folder string) (files []file, missing []*file, err error) {
	names, err := s.disk.Files().List(folder)
	if err != nil {
		return nil, nil, err
	}
	files = make([]file, len(names)) // of this size, as missing points to its elements
	room := int64(maxInlined)
	for i, name := range names {
		f := &files[i]
		info, err := s.disk.Files().Stat(s.saved(name))
		if err != nil {
			return nil, nil, err
		}
		*f = file{Name: name, Size: info.Size()}
		switch known, ok := r.tables[name]; {
		case ok:
			*f = known
		case f.Size <= min(r.inline, room):
			room -= f.Size
			f.Content, err = s.disk.ReadFile(s.disk.Files().PathJoin(checkpointFolder, name))
		default:
			missing = append(missing, f)
			continue
		}
		if err := errors.Join(err, s.disk.Files().Remove(s.saved(name))); err != nil {
			return nil, nil, err
		}
	}
	return files, missing, nil
}

// putFile uploads a file of a checkpoint under a name that says its content.
func (r *remote) putFile(ctx context.Context, s *Store, disk onDisk, f *file, sequence uint64) error {
	var content vfs.File
	var digest string
	err := disk(func() (err error) {
		opened, sum, err := openDigested(s.disk.Files(), s.saved(f.Name))
		if err == nil {
			content, digest = opened, sum
		}
		return err
	})
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s%016d-%s", filesFolder, sequence, digest)
	_, err = r.bucket.Put(ctx, name, io.NewSectionReader(content, 0, f.Size), f.Size, bucket.Condition{})
	return disk(func() error {
		if err := errors.Join(err, content.Close()); err != nil {
			return err
		}
		f.Object = name
		return s.disk.Files().Remove(s.saved(f.Name))
	})
}

// openDigested opens a file, and returns the digest of its content.
func openDigested(files vfs.FS, path string) (content vfs.File, digest string, err error) {
	if content, err = files.Open(path, vfs.SequentialReadsOption); err != nil {
		return nil, "", err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return nil, "", errors.Join(err, content.Close())
	}
	return content, hex.EncodeToString(sum.Sum(nil)), nil
}

// remember keeps which tables are in the bucket. The store never rewrites a table under the same
// name.
func (r *remote) remember(files []file) {
	r.tables = map[string]file{}
	for _, f := range files {
		if extension := filepath.Ext(f.Name); f.Object != "" && (extension == ".sst" || extension == ".blob") {
			r.tables[f.Name] = f
		}
	}
}
