package remote

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"destination-webhook/destination/snapshot/disk"
)

// fetchPacked downloads a packed store, checks it, and unpacks it to the folder.
func (s *Session) fetchPacked(ctx context.Context, m manifest) error {
	packed, err := os.CreateTemp(s.folder.Dir(), "packed-")
	if err != nil {
		return err
	}
	if err := os.Remove(packed.Name()); err != nil { // it goes with its descriptor
		return errors.Join(err, packed.Close())
	}
	err = s.fetchObject(ctx, m.Object, m.Size, m.SHA256, packed)
	if err == nil {
		_, err = packed.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = unpack(packed, s.folder.Dir(), m.Size)
	}
	return errors.Join(err, packed.Close())
}

// unpack writes the files of a packed store to dir, and none outside. A hole in a sparse file takes
// no room in the pack: files that would take more than the pack's size are not ours.
func unpack(r io.Reader, dir string, size int64) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // it was read from only
	for t := tar.NewReader(r); ; {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpacking: %w", err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if size -= header.Size; header.Size < 0 || size < 0 {
			return fmt.Errorf("unpacking: its files are larger than the whole; %s", disk.StartOver)
		}
		if err := unpackFile(root, header.Name, t); err != nil {
			return fmt.Errorf("unpacking: %w", err)
		}
	}
}

func unpackFile(root *os.Root, name string, content io.Reader) error {
	return create(root, name, func(w io.Writer) error {
		_, err := io.Copy(w, content)
		return err
	})
}
