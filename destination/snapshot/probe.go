package snapshot

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/bucket"
)

// Probe tells why a sync could not work in dir, as far as that shows without opening what is there:
// another sync may be using it. It leaves the folder as it was.
func Probe(dir string) error {
	s := newStore(vfs.Default, dir, Options{})
	if err := s.probe(); err != nil {
		return s.fail("opening", err)
	}
	return nil
}

func (s *Store) probe() error {
	if err := s.checkFolder(); err != nil {
		return err
	}
	if err := s.checkSpace(0); err != nil {
		return err
	}
	if _, err := os.Stat(s.dir); errors.Is(err, fs.ErrNotExist) {
		return probeMissing(s.dir)
	}
	fresh, err := s.recognize()
	if err != nil {
		return err
	}
	if fresh {
		return probeEmpty(s.dir)
	}
	lock, err := os.OpenFile(s.path("LOCK"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return lock.Close()
}

// probeMissing makes a folder, as a sync would, and takes it and those around it away again.
func probeMissing(dir string) error {
	var missing []string // the innermost first
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, at)
	}
	err := os.MkdirAll(dir, 0o700)
	for _, made := range missing {
		_ = os.Remove(made) // not if it was not made, or somebody has put something in
	}
	return err
}

// probeEmpty writes a file that a sync which begins meanwhile takes for one of its own, see
// beginnings.
func probeEmpty(dir string) error {
	file, err := os.CreateTemp(dir, "probe-*.dbtmp")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// ProbeRemote is Probe for a snapshot in a bucket, which is only read, and its scratch folder.
func ProbeRemote(ctx context.Context, b *bucket.Bucket, scratch string) error {
	s := newStore(vfs.Default, scratch, Options{})
	s.remote = &remote{bucket: b}
	m, _, err := s.remote.readManifest(ctx)
	if err == nil {
		err = s.checkSpace(m.scratch())
	}
	if err != nil {
		return s.fail("opening", err)
	}
	return nil
}
