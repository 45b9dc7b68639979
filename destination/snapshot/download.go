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
)

// fetchFiles downloads the files that a manifest lists to the store's folder, several at once.
func (r *remote) fetchFiles(ctx context.Context, m manifest, s *Store) error {
	root, err := os.OpenRoot(s.dir)
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
	target, err := root.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if f.Object == "" {
		_, err = target.Write(f.Content)
	} else {
		err = r.fetchObject(ctx, f, target)
	}
	return errors.Join(err, target.Close())
}

func (r *remote) fetchObject(ctx context.Context, f file, w io.Writer) error {
	sum := sha256.New()
	if _, err := r.bucket.Fetch(ctx, f.Object, io.MultiWriter(w, sum), f.Size); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != f.digest() {
		return fmt.Errorf("it is damaged: %s does not have the checksum that %s says; %s", f.Object, manifestName, startOver)
	}
	return nil
}
