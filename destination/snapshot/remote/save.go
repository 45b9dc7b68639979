package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/snapshot/disk"
)

// Database is what a session saves.
type Database struct {
	// Checkpoint writes the database's files, as they are at one moment, to a folder that it makes.
	Checkpoint func(dir string) error
	// OnDisk calls a function that works on the disk, as disk.Folder.Run does.
	OnDisk func(func() error) error
}

// Save uploads what the bucket lacks of the database, points the manifest to it, and removes what
// that replaces.
func (s *Session) Save(ctx context.Context, db Database) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	m := manifest{Version: manifestVersion, Sequence: s.sequence.Add(1), Writer: s.id}
	// Before the checkpoint: an intent from here on may not be in it.
	m.Contains = s.taken.with(s.id, s.number.Load())
	var err error
	if m.Files, err = s.putFiles(ctx, db, m.Sequence); err != nil {
		return fmt.Errorf("saving: %w", err)
	}
	m.drop(s.last)
	if err := s.putManifest(ctx, m); err != nil {
		return fmt.Errorf("saving: %w", err)
	}
	s.last = m
	s.clean(ctx, m)
	return nil
}

// putManifest replaces the manifest that the store goes back to, and no other.
func (s *Session) putManifest(ctx context.Context, m manifest) error {
	text := m.encode()
	for {
		when := bucket.IfMatch(s.etag)
		if s.etag == "" {
			when = bucket.IfAbsent()
		}
		etag, err := s.bucket.Put(ctx, manifestName, bytes.NewReader(text), int64(len(text)), when)
		if err == nil {
			s.etag = etag
			return nil
		}
		if !errors.Is(err, bucket.ErrConflict) {
			return err
		}
		if done, err := s.resolveConflict(ctx, m, err); done || err != nil {
			return err
		}
	}
}

// resolveConflict looks with whom the conflict is. A write of ours may have arrived without an
// answer: this one, which the client tried again, or that of a save before, which this one then
// follows.
func (s *Session) resolveConflict(ctx context.Context, m manifest, conflict error) (done bool, err error) {
	there, etag, err := s.readManifest(ctx)
	if err != nil {
		return false, err // with whom is not known
	}
	if etag == s.etag {
		return false, fmt.Errorf("two writes of %s at once: %w", manifestName, disk.ErrInUse)
	}
	if there.Writer != s.id {
		return false, fmt.Errorf("%w: another sync saved this snapshot since this one opened it, so this one's rows may be sent "+
			"again; let one sync at a time use a snapshot, or give each a prefix of its own", conflict)
	}
	s.etag = etag
	return there.Sequence == m.Sequence, nil
}
