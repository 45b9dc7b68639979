package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"

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
func (s *Session) saved(name string) string {
	return s.folder.Path(s.folder.Files().PathJoin(checkpointFolder, name))
}

// putFiles uploads what a consistent copy of the store has and the bucket lacks, and returns the
// list of all its files.
func (s *Session) putFiles(ctx context.Context, db Database, sequence uint64) (files []file, err error) {
	var missing []*file
	err = db.OnDisk(func() (err error) {
		list, lacking, err := s.checkpoint(db)
		if err == nil {
			files, missing = list, lacking
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = inParallel(ctx, missing, func(ctx context.Context, f *file) error {
		return s.putFile(ctx, db, f, sequence)
	})
	s.remember(files)
	return files, errors.Join(err, db.OnDisk(func() error { return s.folder.Files().RemoveAll(s.folder.Path(checkpointFolder)) }))
}

// checkpoint has the database write its files, as they are at one moment, and lists them.
func (s *Session) checkpoint(db Database) (files []file, missing []*file, err error) {
	folder := s.folder.Path(checkpointFolder)
	if err := s.folder.Files().RemoveAll(folder); err != nil { // what a save left that failed
		return nil, nil, err
	}
	if err := db.Checkpoint(folder); err != nil {
		return nil, nil, err
	}
	return s.compare(folder)
}

// compare lists the files of a checkpoint, and those of them that are neither in the bucket nor so
// small that they go into the manifest. It removes the others, so that the disk need not hold those
// that the store itself does not need any more.
func (s *Session) compare(folder string) (files []file, missing []*file, err error) {
	names, err := s.folder.Files().List(folder)
	if err != nil {
		return nil, nil, err
	}
	files = make([]file, len(names)) // of this size, as missing points to its elements
	room := int64(maxInlined)
	for i, name := range names {
		f := &files[i]
		info, err := s.folder.Files().Stat(s.saved(name))
		if err != nil {
			return nil, nil, err
		}
		*f = file{Name: name, Size: info.Size()}
		switch known, ok := s.tables[name]; {
		case ok:
			*f = known
		case f.Size <= min(s.Inline, room):
			room -= f.Size
			f.Content, err = s.folder.ReadFile(s.folder.Files().PathJoin(checkpointFolder, name))
		default:
			missing = append(missing, f)
			continue
		}
		if err := errors.Join(err, s.folder.Files().Remove(s.saved(name))); err != nil {
			return nil, nil, err
		}
	}
	return files, missing, nil
}

// putFile uploads a file of a checkpoint under a name that says its content.
func (s *Session) putFile(ctx context.Context, db Database, f *file, sequence uint64) error {
	var content vfs.File
	var digest string
	err := db.OnDisk(func() (err error) {
		opened, sum, err := openDigested(s.folder.Files(), s.saved(f.Name))
		if err == nil {
			content, digest = opened, sum
		}
		return err
	})
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s%016d-%s", filesFolder, sequence, digest)
	_, err = s.bucket.Put(ctx, name, io.NewSectionReader(content, 0, f.Size), f.Size, bucket.Condition{})
	return db.OnDisk(func() error {
		if err := errors.Join(err, content.Close()); err != nil {
			return err
		}
		f.Object = name
		return s.folder.Files().Remove(s.saved(f.Name))
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
func (s *Session) remember(files []file) {
	s.tables = map[string]file{}
	for _, f := range files {
		if extension := filepath.Ext(f.Name); f.Object != "" && (extension == ".sst" || extension == ".blob") {
			s.tables[f.Name] = f
		}
	}
}
