package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/snapshot/disk"
)

// Fetch downloads the snapshot to the folder. told, which may be nil, is called with the bytes that
// have arrived so far and those of all files, by one goroutine at a time.
func (s *Session) Fetch(ctx context.Context, told func(done, total int64)) error {
	m, etag, err := s.readManifest(ctx)
	if s.fresh = etag == ""; err != nil || s.fresh {
		return err
	}
	s.etag, s.last = etag, m
	s.remember(m.Files)
	s.sequence.Store(m.Sequence)
	if err := s.folder.CheckSpace(m.scratch()); err != nil {
		return err
	}
	if m.Version == manifestVersion {
		err = s.fetchFiles(ctx, m, told)
	} else {
		err = s.fetchPacked(ctx, m)
	}
	if errors.Is(err, bucket.ErrNotFound) {
		if err := s.unchanged(ctx); err != nil {
			return err
		}
		err = fmt.Errorf("it is damaged: %s points to an object that is gone: %w; %s", manifestName, err, disk.StartOver)
	}
	return err
}

// fetchFiles downloads the files that a manifest lists to the folder, several at once.
func (s *Session) fetchFiles(ctx context.Context, m manifest, told func(done, total int64)) error {
	root, err := os.OpenRoot(s.folder.Dir())
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // the files in it are closed
	files := make([]*file, len(m.Files))
	for i := range m.Files {
		files[i] = &m.Files[i]
	}
	fetched := counting(m.size(), told)
	return inParallel(ctx, files, func(ctx context.Context, f *file) error {
		err := s.fetchFile(ctx, *f, root)
		if err == nil {
			fetched(f.Size)
		}
		return err
	})
}

// counting returns a function that adds bytes to those that were fetched, and tells the caller of
// Fetch. Any goroutine may call it.
func counting(total int64, told func(done, total int64)) func(bytes int64) {
	var mu sync.Mutex
	var done int64
	return func(bytes int64) {
		if bytes == 0 || told == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		done += bytes
		told(done, total)
	}
}

// fetchFile writes a file of the store, and checks that it is the one that was saved.
func (s *Session) fetchFile(ctx context.Context, f file, root *os.Root) error {
	return create(root, f.Name, func(w io.Writer) error {
		if f.Object == "" {
			_, err := w.Write(f.Content)
			return err
		}
		return s.fetchObject(ctx, f.Object, f.Size, f.digest(), w)
	})
}

// create makes a file of the store, for its owner alone.
func create(root *os.Root, name string, write func(io.Writer) error) error {
	target, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(target), target.Close())
}

// fetchObject writes the content of an object to w, and checks that it has the digest that the
// manifest says.
func (s *Session) fetchObject(ctx context.Context, object string, size int64, digest string, w io.Writer) error {
	sum := sha256.New()
	if _, err := s.bucket.Fetch(ctx, object, io.MultiWriter(w, sum), size); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != digest {
		return fmt.Errorf("it is damaged: %s does not have the checksum that %s says; %s", object, manifestName, disk.StartOver)
	}
	return nil
}
