package snapshot

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/bucket"
)

// What is in the bucket:
//
//	snapshot.json                        the manifest: names the data object, and the intents in it
//	data/<sequence>-<random>.tar         a packed store
//	notes/<sequence>-<writer>-<number>   an intent of Begin or Stream
//
// The manifest alone is written with a condition. Each save has a higher sequence than the manifest
// it replaces. Intents that the manifest does not name are of syncs that it knows nothing of;
// nobody removes them before a snapshot contains them.
const (
	manifestName  = "snapshot.json"
	dataFolder    = "data/"
	intentsFolder = "notes/"
)

// What is read of them at most, in bytes. A manifest has a few short members, and spans of numbers
// for each sync that left intents. An intent has the rows of a batch, which is at most 100 MB.
const (
	maxManifest = 1 << 20
	maxIntent   = 128 << 20
)

// manifest points to the snapshot.
type manifest struct {
	Version  string   `json:"version"`
	Sequence uint64   `json:"sequence"`
	Object   string   `json:"object"`
	Size     int64    `json:"size"`
	SHA256   string   `json:"sha256"`
	Writer   string   `json:"writer"`
	Contains contents `json:"contains"` // of the intents that may still be there
}

// remote is the side of a store that is in a bucket.
type remote struct {
	bucket   *bucket.Bucket
	id       string        // random, by which others tell the intents of this opening from theirs
	first    uint64        // sequence of its intents
	sequence atomic.Uint64 // of the last save
	number   atomic.Uint64 // of the last intent
	taken    contents      // intents of others that are in the store

	saving sync.Mutex
	etag   string // of the manifest that the store goes back to, "" if there is none
}

// errReplaced is the error of an opening during which another sync saved the snapshot.
var errReplaced = fmt.Errorf("it was saved while it was being opened: %w", ErrInUse)

// openTries bounds how often that may happen.
const openTries = 3

// OpenRemote opens the snapshot that a bucket holds, in a folder of its own below scratch, which
// Close removes. The folder takes twice the snapshot's size while it is fetched and saved.
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
	s := newStore(vfs.Default, dir, o)
	s.remote = &remote{bucket: b, id: rand.Text()}
	if err := s.remote.open(ctx, s); err != nil {
		return nil, errors.Join(s.fail("opening", err), s.release())
	}
	return s, nil
}

// open fetches the snapshot and adopts the intents that belong to it.
func (r *remote) open(ctx context.Context, s *Store) error {
	m, err := r.fetch(ctx, s)
	if err != nil {
		return err
	}
	if err := s.run(ctx, s.open); err != nil {
		return err
	}
	if err := r.adoptIntents(ctx, s, m.Contains); err != nil {
		return err
	}
	r.first = r.sequence.Load() + 1
	return r.unchanged(ctx) // or intents that belong to it may be gone
}

func (r *remote) String() string { return r.bucket.String() }

// readManifest returns the manifest and its ETag, or neither if there is none.
func (r *remote) readManifest(ctx context.Context) (m manifest, etag string, err error) {
	var text bytes.Buffer
	etag, err = r.bucket.Fetch(ctx, manifestName, &text, maxManifest)
	if errors.Is(err, bucket.ErrNotFound) {
		return m, "", nil
	}
	if err != nil {
		return m, "", err
	}
	if err := json.Unmarshal(text.Bytes(), &m); err != nil || m.Version != version && m.Version != versionBefore {
		return m, "", fmt.Errorf("%w (%s says version %s, want %q): %s", ErrForeign, manifestName, shownVersion(m.Version), version, startOver)
	}
	return m, etag, nil
}

// scratch is how many bytes a snapshot takes on the disk while it is fetched.
func (m *manifest) scratch() int64 { return 2 * m.Size }

// fetch unpacks the snapshot to the store's folder.
func (r *remote) fetch(ctx context.Context, s *Store) (manifest, error) {
	m, etag, err := r.readManifest(ctx)
	if err != nil || etag == "" {
		return m, err
	}
	r.etag = etag
	r.sequence.Store(m.Sequence)
	if err := s.checkSpace(m.scratch()); err != nil {
		return m, err
	}
	err = r.fetchData(ctx, m, s.dir)
	if errors.Is(err, bucket.ErrNotFound) {
		if err := r.unchanged(ctx); err != nil {
			return m, err
		}
		err = fmt.Errorf("it is damaged: %s points to an object that is gone: %w; %s", manifestName, err, startOver)
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
