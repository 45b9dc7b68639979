package remote

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/snapshot/disk"
)

const (
	manifestName  = "snapshot.json"
	filesFolder   = "files/"
	dataFolder    = "data/"
	intentsFolder = "notes/"
)

// Session is one sync's use of the snapshot that a bucket holds. Its methods are safe for
// concurrent use, except for Fetch and Adopt, which come first, in this order.
type Session struct {
	// Inline is the size, in bytes, up to which a file is in the manifest.
	Inline int64

	bucket   *bucket.Bucket
	folder   *disk.Folder
	id       string        // random, by which others tell the intents of this session from theirs
	first    uint64        // sequence of its intents
	sequence atomic.Uint64 // of the last save
	number   atomic.Uint64 // of the last intent
	taken    contents      // intents of others that are in the store
	fresh    bool          // whether there was no snapshot when it began

	saving sync.Mutex
	etag   string          // of the manifest that the store goes back to, "" if there is none
	last   manifest        // that manifest, or one of this session before it
	tables map[string]file // that are in the bucket, by name
}

// ErrReplaced is the error of an opening during which another sync saved the snapshot.
var ErrReplaced = fmt.Errorf("it was saved while it was being opened: %w", disk.ErrInUse)

// New returns a session that works in a folder, which is empty.
func New(b *bucket.Bucket, folder *disk.Folder) *Session {
	return &Session{bucket: b, folder: folder, id: rand.Text(), Inline: maxInline}
}

// String names the bucket, for messages.
func (s *Session) String() string { return s.bucket.String() }

// Fresh reports whether there was no snapshot when Fetch was called.
func (s *Session) Fresh() bool { return s.fresh }

// Size returns how many bytes the files have that were fetched, or saved last. It may not be called
// during a Save.
func (s *Session) Size() int64 { return s.last.size() }

// Probe tells why the snapshot could not be fetched, as far as that shows without doing it.
func (s *Session) Probe(ctx context.Context) error {
	m, _, err := s.readManifest(ctx)
	if err == nil {
		err = s.folder.CheckSpace(m.scratch())
	}
	return err
}

// unchanged looks whether the manifest is the one that the store goes back to.
func (s *Session) unchanged(ctx context.Context) error {
	_, etag, err := s.readManifest(ctx)
	if err == nil && etag != s.etag {
		err = ErrReplaced
	}
	return err
}
