package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"destination-webhook/destination/snapshot/disk"
)

// fetchFiles downloads the files that a manifest lists to the store's folder, several at once.
func (r *remote) fetchFiles(ctx context.Context, m manifest, s *Store) error {
	root, err := os.OpenRoot(s.disk.Dir())
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // the files in it are closed
	files := make([]*file, len(m.Files))
	for i := range m.Files {
		files[i] = &m.Files[i]
	}
	fetched := s.fetched(m.size())
	return inParallel(ctx, files, func(ctx context.Context, f *file) error {
		err := r.fetchFile(ctx, *f, root)
		if err == nil {
			fetched(f.Size)
		}
		return err
	})
}

// fetched returns a function that adds bytes to those that were fetched, and tells the caller of
// the opening. Any goroutine may call it.
func (s *Store) fetched(total int64) func(bytes int64) {
	var mu sync.Mutex
	var done int64
	return func(bytes int64) {
		if bytes == 0 || s.options.Fetched == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		done += bytes
		s.options.Fetched(done, total)
	}
}

// fetchFile writes a file of the store, and checks that it is the one that was saved.
func (r *remote) fetchFile(ctx context.Context, f file, root *os.Root) error {
	return create(root, f.Name, func(w io.Writer) error {
		if f.Object == "" {
			_, err := w.Write(f.Content)
			return err
		}
		return r.fetchObject(ctx, f.Object, f.Size, f.digest(), w)
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
func (r *remote) fetchObject(ctx context.Context, object string, size int64, digest string, w io.Writer) error {
	sum := sha256.New()
	if _, err := r.bucket.Fetch(ctx, object, io.MultiWriter(w, sum), size); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != digest {
		return fmt.Errorf("it is damaged: %s does not have the checksum that %s says; %s", object, manifestName, disk.StartOver)
	}
	return nil
}
