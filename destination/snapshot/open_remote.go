package snapshot

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/snapshot/disk"
	"destination-webhook/destination/snapshot/remote"
)

// openTries bounds how often another sync may save a snapshot while it is opened.
const openTries = 3

// OpenRemote opens the snapshot that a bucket holds, in a folder of its own below scratch, which
// Close removes.
func OpenRemote(ctx context.Context, b *bucket.Bucket, scratch string, o Options) (*Store, error) {
	for try := 1; ; try++ {
		s, err := openOnce(ctx, b, scratch, o)
		if err == nil || try == openTries || !errors.Is(err, remote.ErrReplaced) {
			return s, err
		}
	}
}

func openOnce(ctx context.Context, b *bucket.Bucket, scratch string, o Options) (*Store, error) {
	dir, err := os.MkdirTemp(scratch, "snapshot-")
	if err != nil {
		return nil, fmt.Errorf("making a scratch folder for the snapshot in %s: %w", b, err)
	}
	s := newRemoteStore(b, dir, o)
	if err := s.openRemote(ctx); err != nil {
		return nil, errors.Join(s.fail("opening", s.disk.Explain(err)), s.release())
	}
	return s, nil
}

func newRemoteStore(b *bucket.Bucket, dir string, o Options) *Store {
	s := newStore(vfs.Default, dir, o, disk.Options{Scratch: true})
	s.remote = remote.New(b, s.disk)
	return s
}

// openRemote fetches the snapshot and adopts the intents that belong to it.
func (s *Store) openRemote(ctx context.Context) error {
	if err := s.remote.Fetch(ctx, s.options.Fetched); err != nil {
		return err
	}
	if err := s.disk.Run(ctx, s.open); err != nil {
		return err
	}
	return s.remote.Adopt(ctx, s.adoptIntent)
}

// adoptIntent makes uncertain what another sync was about to send.
func (s *Store) adoptIntent(text []byte) error {
	n, err := parseIntent(text)
	if err != nil {
		return err
	}
	return s.markUncertain(n, nil)
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

// ProbeRemote is Probe for a snapshot in a bucket, which is only read, and its scratch folder.
func ProbeRemote(ctx context.Context, b *bucket.Bucket, scratch string) error {
	s := newRemoteStore(b, scratch, Options{})
	if err := s.remote.Probe(ctx); err != nil {
		return s.fail("opening", err)
	}
	return nil
}

// save saves the store in its bucket. onDisk calls a function that works on the disk.
func (s *Store) save(ctx context.Context, onDisk func(func() error) error) error {
	return s.remote.Save(ctx, remote.Database{Checkpoint: s.local.Checkpoint, OnDisk: onDisk})
}
