package snapshot

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/bucket"
)

// What is in the bucket:
//
//	snapshot.json                        the manifest: which data object is the snapshot
//	data/<sequence>-<random>.tar         a packed store
//	notes/<sequence>-<number>-<random>   a note of Begin or Stream
//
// The manifest alone is written with a condition. Each save has a higher sequence than the manifest it replaces. Notes bear
// the sequence of the save that will contain them, so those at or above the manifest's come from a sync that died.
const (
	manifestName = "snapshot.json"
	dataFolder   = "data/"
	notesFolder  = "notes/"
)

// What is read of them at most, in bytes: a manifest has five short members, and a note the keys of a batch, which is at
// most 100 MB.
const (
	maxManifest = 64 << 10
	maxNote     = 128 << 20
)

// manifest points to the snapshot.
type manifest struct {
	Version  string `json:"version"`
	Sequence uint64 `json:"sequence"`
	Object   string `json:"object"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
}

// remote is the side of a store that is in a bucket.
type remote struct {
	bucket   *bucket.Bucket
	sequence atomic.Uint64 // of the next note
	number   atomic.Uint64 // of the last note

	saving sync.Mutex
	etag   string // of the manifest that the store goes back to, "" where there is none
}

// OpenRemote opens the snapshot that a bucket holds, in a folder of its own below scratch, which Close removes. The
// folder takes twice the snapshot's size while it is fetched and saved.
func OpenRemote(ctx context.Context, b *bucket.Bucket, scratch string, o Options) (*Store, error) {
	dir, err := os.MkdirTemp(scratch, "snapshot-")
	if err != nil {
		return nil, fmt.Errorf("making a scratch folder for the snapshot in %s: %w", b, err)
	}
	s := newStore(vfs.Default, dir, o)
	s.remote = &remote{bucket: b}
	err = s.remote.fetch(ctx, dir)
	if err == nil {
		err = s.open()
	}
	if err == nil {
		err = s.remote.takeNotes(ctx, s)
	}
	if err != nil {
		return nil, errors.Join(s.fail("opening", err), s.release())
	}
	return s, nil
}

func (r *remote) String() string { return r.bucket.String() }

// readManifest returns the manifest and its ETag, or neither where there is none.
func (r *remote) readManifest(ctx context.Context) (m manifest, etag string, err error) {
	var text bytes.Buffer
	etag, err = r.bucket.Fetch(ctx, manifestName, &text, maxManifest)
	if errors.Is(err, bucket.ErrNotFound) {
		return m, "", nil
	}
	if err != nil {
		return m, "", err
	}
	if err := json.Unmarshal(text.Bytes(), &m); err != nil || m.Version != version {
		return m, "", fmt.Errorf("%w (%s says version %.40q, want %q): %s", ErrForeign, manifestName, m.Version, version, startOver)
	}
	return m, etag, nil
}

// fetchTries bounds how often a data object may be gone because another sync has just replaced it.
const fetchTries = 3

func (r *remote) fetch(ctx context.Context, dir string) error {
	for try := 1; ; try++ {
		m, etag, err := r.readManifest(ctx)
		if err != nil || etag == "" {
			return err
		}
		r.etag = etag
		r.sequence.Store(m.Sequence)
		err = r.fetchData(ctx, m, dir)
		if !errors.Is(err, bucket.ErrNotFound) {
			return err
		}
		if try == fetchTries {
			return fmt.Errorf("it is damaged: %s points to an object that is gone: %w; %s", manifestName, err, startOver)
		}
	}
}

// note stores an intent; it is safe when note returns.
func (r *remote) note(ctx context.Context, intent []byte) error {
	name := fmt.Sprintf("%s%016d-%012d-%s", notesFolder, r.sequence.Load(), r.number.Add(1), rand.Text()[:8])
	_, err := r.bucket.Put(ctx, name, bytes.NewReader(intent), int64(len(intent)), bucket.IfAbsent())
	if errors.Is(err, bucket.ErrConflict) {
		return nil // with a sending of ours whose answer was lost: the name is random
	}
	return err
}

// takeNotes holds to be in doubt what syncs noted that died after the manifest was written. The notes stay until a
// save contains them, and new ones are numbered on, so that the order of syncs is that of their notes.
func (r *remote) takeNotes(ctx context.Context, s *Store) error {
	objects, err := r.bucket.List(ctx, notesFolder)
	if err != nil {
		return err
	}
	base := r.sequence.Load()
	for _, object := range objects {
		sequence, number := parseName(object.Name)
		if sequence < base {
			continue
		}
		r.number.Store(max(r.number.Load(), number))
		r.sequence.Store(max(r.sequence.Load(), sequence))
		var text bytes.Buffer
		if _, err := r.bucket.Fetch(ctx, object.Name, &text, min(object.Size, maxNote)); err != nil {
			return err
		}
		n, err := parseIntent(text.Bytes())
		if err != nil {
			return err
		}
		if err := s.doubt(n, nil); err != nil {
			return err
		}
	}
	return nil
}

// parseName reads the numbers in an object's name, zero where it has none.
func parseName(name string) (sequence, number uint64) {
	_, _ = fmt.Sscanf(name[strings.IndexByte(name, '/')+1:], "%d-%d-", &sequence, &number)
	return sequence, number
}

// save packs the store into a new object, points the manifest to it, and removes what that replaces.
func (r *remote) save(ctx context.Context, s *Store) error {
	r.saving.Lock()
	defer r.saving.Unlock()
	sequence := r.sequence.Add(1) // before the checkpoint: a note from here on may not be in it
	m, err := r.putData(ctx, s, sequence)
	if err == nil {
		err = r.putManifest(ctx, m)
	}
	if err != nil {
		return fmt.Errorf("saving: %w", err)
	}
	r.clean(ctx, m)
	return nil
}

// putData uploads a consistent copy of the store under a new name.
func (r *remote) putData(ctx context.Context, s *Store, sequence uint64) (manifest, error) {
	name := fmt.Sprintf("%s%016d-%s.tar", dataFolder, sequence, rand.Text())
	m := manifest{Version: version, Sequence: sequence, Object: name}
	folder := filepath.Join(s.dir, "checkpoint")
	defer func() { _ = os.RemoveAll(folder) }() // Close removes what this leaves
	if err := s.db.Checkpoint(folder, pebble.WithFlushedWAL()); err != nil {
		return m, err
	}
	packed, err := pack(folder, &m)
	if err != nil {
		return m, err
	}
	_, err = r.bucket.Put(ctx, name, packed, m.Size, bucket.Condition{})
	return m, errors.Join(err, packed.Close())
}

// putManifest replaces the manifest that the store goes back to, and no other.
func (r *remote) putManifest(ctx context.Context, m manifest) error {
	when := bucket.IfMatch(r.etag)
	if r.etag == "" {
		when = bucket.IfAbsent()
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	etag, err := r.bucket.Put(ctx, manifestName, bytes.NewReader(text), int64(len(text)), when)
	if errors.Is(err, bucket.ErrConflict) {
		etag, err = r.settleConflict(ctx, m, err)
	}
	if err != nil {
		return err
	}
	r.etag = etag
	return nil
}

// settleConflict looks with whom the conflict is: a write of ours whose answer was lost is tried again by the client.
func (r *remote) settleConflict(ctx context.Context, m manifest, conflict error) (etag string, err error) {
	there, etag, err := r.readManifest(ctx)
	if err != nil {
		return "", errors.Join(conflict, err)
	}
	if there != m {
		return "", fmt.Errorf("%w: another sync saved this snapshot since this one opened it, so this one's rows may be sent "+
			"again; let one sync at a time use a snapshot, or give each a prefix of its own", conflict)
	}
	return etag, nil
}

// clean removes the data that cannot become the snapshot any more and the notes that it contains. A sync that has opened this
// snapshot writes higher sequences. What cannot be removed now is removed by a later save.
func (r *remote) clean(ctx context.Context, m manifest) {
	for _, folder := range []string{dataFolder, notesFolder} {
		objects, err := r.bucket.List(ctx, folder)
		if err != nil {
			return
		}
		for _, object := range objects {
			sequence, _ := parseName(object.Name)
			if folder == dataFolder && sequence <= m.Sequence && object.Name != m.Object || sequence < m.Sequence {
				_ = r.bucket.Remove(ctx, object.Name)
			}
		}
	}
}
