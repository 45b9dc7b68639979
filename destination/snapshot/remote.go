package snapshot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/snapshot/disk"
)

// What is in the bucket:
//
//	snapshot.json                        the manifest: the snapshot's files, and the intents in it
//	files/<sequence>-<SHA-256>           a file of the store, mostly a table
//	data/<sequence>-<random>.tar         a packed store, of packedVersion
//	notes/<sequence>-<writer>-<number>   an intent of Begin or Stream
//
// The manifest alone is written with a condition. Each save has a higher sequence than the manifest
// it replaces, and names only what that one names and what was uploaded by its own sync. Intents
// that the manifest does not name are of syncs that it knows nothing of; nobody removes them before
// a snapshot contains them.
const (
	manifestName  = "snapshot.json"
	filesFolder   = "files/"
	dataFolder    = "data/"
	intentsFolder = "notes/"
)

// maxIntent bounds what is read of an intent, in bytes. It has the rows of a batch, which is at
// most 100 MB.
const maxIntent = 128 << 20

// remote is the side of a store that is in a bucket.
type remote struct {
	bucket   *bucket.Bucket
	id       string        // random, by which others tell the intents of this opening from theirs
	first    uint64        // sequence of its intents
	sequence atomic.Uint64 // of the last save
	number   atomic.Uint64 // of the last intent
	taken    contents      // intents of others that are in the store
	inline   int64         // size up to which a file is in the manifest
	fresh    bool          // whether there was no snapshot when it was opened

	saving sync.Mutex
	etag   string          // of the manifest that the store goes back to, "" if there is none
	last   manifest        // that manifest, or one of this sync before it
	tables map[string]file // that are in the bucket, by name
}

// errReplaced is the error of an opening during which another sync saved the snapshot.
var errReplaced = fmt.Errorf("it was saved while it was being opened: %w", ErrInUse)

// openTries bounds how often that may happen.
const openTries = 3

// OpenRemote opens the snapshot that a bucket holds, in a folder of its own below scratch, which
// Close removes.
func OpenRemote(ctx context.Context, b *bucket.Bucket, scratch string, o Options) (*Store, error) {
	for try := 1; ; try++ {
		s, err := openOnce(ctx, b, scratch, o)
		if err == nil || try == openTries || !errors.Is(err, errReplaced) {
			return s, err
		}
	}
}

func openOnce(ctx context.Context, b *bucket.Bucket, scratch string, o Options) (*Store, error) {
	dir, err := os.MkdirTemp(scratch, "snapshot-")
	if err != nil {
		return nil, fmt.Errorf("making a scratch folder for the snapshot in %s: %w", b, err)
	}
	s := newStore(vfs.Default, dir, o, disk.Options{Scratch: true})
	s.parts.least = minPart
	s.remote = &remote{bucket: b, id: rand.Text(), inline: maxInline}
	if err := s.remote.open(ctx, s); err != nil {
		return nil, errors.Join(s.fail("opening", s.disk.Explain(err)), s.release())
	}
	return s, nil
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
	s := newStore(vfs.Default, scratch, Options{}, disk.Options{Scratch: true})
	s.remote = &remote{bucket: b}
	m, _, err := s.remote.readManifest(ctx)
	if err == nil {
		err = s.disk.CheckSpace(m.scratch())
	}
	if err != nil {
		return s.fail("opening", err)
	}
	return nil
}

// open fetches the snapshot and adopts the intents that belong to it.
func (r *remote) open(ctx context.Context, s *Store) error {
	m, err := r.fetch(ctx, s)
	if err != nil {
		return err
	}
	if err := s.disk.Run(ctx, s.open); err != nil {
		return err
	}
	if err := r.adoptIntents(ctx, s, m.Contains); err != nil {
		return err
	}
	r.first = r.sequence.Load() + 1
	return r.unchanged(ctx) // or intents that belong to it may be gone
}

func (r *remote) String() string { return r.bucket.String() }

// fetch downloads the snapshot to the store's folder.
func (r *remote) fetch(ctx context.Context, s *Store) (manifest, error) {
	m, etag, err := r.readManifest(ctx)
	if r.fresh = etag == ""; err != nil || r.fresh {
		return m, err
	}
	r.etag, r.last = etag, m
	r.remember(m.Files)
	r.sequence.Store(m.Sequence)
	if err := s.disk.CheckSpace(m.scratch()); err != nil {
		return m, err
	}
	if m.Version == manifestVersion {
		err = r.fetchFiles(ctx, m, s)
	} else {
		err = r.fetchPacked(ctx, m, s.disk.Dir())
	}
	if errors.Is(err, bucket.ErrNotFound) {
		if err := r.unchanged(ctx); err != nil {
			return m, err
		}
		err = fmt.Errorf("it is damaged: %s points to an object that is gone: %w; %s", manifestName, err, disk.StartOver)
	}
	return m, err
}

// unchanged looks whether the manifest is the one that the store goes back to.
func (r *remote) unchanged(ctx context.Context) error {
	_, etag, err := r.readManifest(ctx)
	if err == nil && etag != r.etag {
		err = errReplaced
	}
	return err
}
