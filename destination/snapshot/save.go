package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"destination-webhook/destination/bucket"
)

// save uploads what the bucket lacks of the store, points the manifest to it, and removes what that
// replaces. disk is how it works on the disk.
func (r *remote) save(ctx context.Context, s *Store, disk onDisk) error {
	r.saving.Lock()
	defer r.saving.Unlock()
	m := manifest{Version: manifestVersion, Sequence: r.sequence.Add(1), Writer: r.id}
	// Before the checkpoint: an intent from here on may not be in it.
	m.Contains = r.taken.with(r.id, r.number.Load())
	var err error
	if m.Files, err = r.putFiles(ctx, s, disk, m.Sequence); err != nil {
		return fmt.Errorf("saving: %w", err)
	}
	m.drop(r.last)
	if err := r.putManifest(ctx, m); err != nil {
		return fmt.Errorf("saving: %w", err)
	}
	r.last = m
	r.clean(ctx, m)
	return nil
}

// putManifest replaces the manifest that the store goes back to, and no other.
func (r *remote) putManifest(ctx context.Context, m manifest) error {
	text := m.encode()
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
	return there.Sequence == m.Sequence, nil
}
