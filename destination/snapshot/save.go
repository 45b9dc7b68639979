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

	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/bucket"
)

// save packs the store into a new object, points the manifest to it, and removes what that
// replaces.
func (r *remote) save(ctx context.Context, s *Store) error {
	r.saving.Lock()
	defer r.saving.Unlock()
	sequence := r.sequence.Add(1)
	contains := r.taken.with(r.id, r.number.Load()) // before the checkpoint: an intent from here on may not be in it
	m, err := r.putData(ctx, s, sequence)
	m.Writer, m.Contains = r.id, contains
	if err == nil {
		err = r.putManifest(ctx, m)
	}
	if errors.Is(err, bucket.ErrConflict) {
		_ = r.bucket.Remove(ctx, m.Object) // a later save of another sync would as well
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
	var packed *os.File
	written := m // of its own, as the store may be abandoned while it packs
	err := s.run(ctx, func() (err error) {
		packed, err = s.pack(&written)
		return err
	})
	if err != nil {
		return m, err
	}
	m = written
	_, err = r.bucket.Put(ctx, name, packed, m.Size, bucket.Condition{})
	return m, errors.Join(err, packed.Close())
}

// pack packs a consistent copy of the store.
func (s *Store) pack(m *manifest) (*os.File, error) {
	folder := filepath.Join(s.dir, "checkpoint")
	defer func() { _ = os.RemoveAll(folder) }() // Close removes what this leaves
	if err := s.db.Checkpoint(folder, pebble.WithFlushedWAL()); err != nil {
		return nil, err
	}
	return pack(folder, m)
}

// putManifest replaces the manifest that the store goes back to, and no other.
func (r *remote) putManifest(ctx context.Context, m manifest) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	for {
		when := bucket.IfMatch(r.etag)
		if r.etag == "" {
			when = bucket.IfAbsent()
		}
		etag, err := r.bucket.Put(ctx, manifestName, bytes.NewReader(text), int64(len(text)), when)
		if err == nil {
			r.etag = etag
			return nil
		}
		if !errors.Is(err, bucket.ErrConflict) {
			return err
		}
		if done, err := r.resolveConflict(ctx, m, err); done || err != nil {
			return err
		}
	}
}

// resolveConflict looks with whom the conflict is. A write of ours may have arrived without an
// answer: this one, which the client tried again, or that of a save before, which this one then
// follows.
func (r *remote) resolveConflict(ctx context.Context, m manifest, conflict error) (done bool, err error) {
	there, etag, err := r.readManifest(ctx)
	if err != nil {
		return false, err // with whom is not known
	}
	if etag == r.etag {
		return false, fmt.Errorf("two writes of %s at once: %w", manifestName, ErrInUse)
	}
	if there.Writer != r.id {
		return false, fmt.Errorf("%w: another sync saved this snapshot since this one opened it, so this one's rows may be sent "+
			"again; let one sync at a time use a snapshot, or give each a prefix of its own", conflict)
	}
	r.etag = etag
	return there.Object == m.Object, nil
}

// clean removes the data that cannot become the snapshot any more, and the intents that the
// snapshot contains. A sync that has opened this snapshot writes higher sequences. What cannot be
// removed now is removed by a later save.
func (r *remote) clean(ctx context.Context, m manifest) {
	for _, folder := range []string{dataFolder, intentsFolder} {
		objects, err := r.bucket.List(ctx, folder)
		if err != nil {
			return
		}
		for _, object := range objects {
			if m.replaces(object.Name) {
				_ = r.bucket.Remove(ctx, object.Name)
			}
		}
	}
}

// replaces reports whether an object is of no use once m is the manifest.
func (m *manifest) replaces(name string) bool {
	if note, ok := parseIntentName(name); ok && strings.HasPrefix(name, intentsFolder) {
		return m.Contains.has(note)
	}
	var sequence uint64
	_, err := fmt.Sscanf(name, dataFolder+"%d-", &sequence)
	return err == nil && sequence <= m.Sequence && name != m.Object
}
