package destination

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/config"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// saveInterval is how often a snapshot that lives in a bucket is written back during a sync: what was confirmed since then
// is sent again if the process dies.
const saveInterval = time.Minute

// session is a sync with all that it opens before and closes behind.
type session struct {
	config   *config.Config
	catalog  *protocol.Catalog
	routes   *routes
	network  *network
	out      *protocol.Writer
	progress *progress
}

// run opens the stores, syncs, and closes them. An error of closing one is one of the sync.
func (s *session) run(ctx context.Context, in io.Reader) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	letters, err := s.network.openLetters(s.config)
	if err != nil {
		return failure.Config(err)
	}
	if letters != nil {
		defer func() { err = errors.Join(err, letters.Close()) }()
	}
	s.network.warn(s.progress.log)
	s.progress.warn(s.config, s.routes, s.catalog)
	store, err := s.openSnapshot(ctx, cancel)
	if err != nil {
		return err
	}
	if store != nil {
		// What is confirmed is kept whatever ended the sync, a signal too.
		defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
		if err := openAudiences(ctx, store, s.routes, s.catalog, s.progress.log.Warn); err != nil {
			return err
		}
	}
	if store != nil && s.config.Snapshot.Type == config.S3Storage {
		stop := saveAtIntervals(ctx, saving(store), s.progress.log.Warn, cancel)
		defer stop()
	}
	return s.sync(ctx, letters, in)
}

// saveAtIntervals saves the snapshot while the sync runs. If another sync was first, this one ends by cancel: nothing that it
// still does would be kept, and so it does by a fault of ours. Other troubles may be over by the next time; what counts is the save at the end.
func saveAtIntervals(ctx context.Context, save func(context.Context) error, warn func(string, ...any), cancel context.CancelCauseFunc) (stop func()) {
	ctx, end := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			select {
			case <-time.After(saveInterval):
			case <-ctx.Done():
				return
			}
			switch err := save(ctx); {
			case errors.Is(err, bucket.ErrConflict), errors.As(err, new(*failure.Panic)):
				cancel(fmt.Errorf("snapshot: %w", err))
			case err != nil && ctx.Err() == nil:
				warn(fmt.Sprintf("snapshot: it could not be saved on the way, and will be tried again: %v", err))
			}
		}
	}()
	return func() { end(); <-done }
}

// saving saves the store; a panic is an error.
func saving(store *snapshot.Store) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		defer failure.RecoverTo(&err)
		return store.Save(ctx)
	}
}

func (s *session) sync(ctx context.Context, letters letters, in io.Reader) error {
	s.network.onAttempt = s.progress.attempt
	client := s.network.client(s.config, s.network.authorized)
	sender := newSender(client, s.routes.all, letters, s.network.redactor.String, s.progress)
	s.progress.start(s.config, s.routes)
	run := newRun(ctx, s.config, s.catalog, s.routes, sender.send, s.out, s.progress)
	err := run.sync(ctx, in, client)
	if err == nil {
		s.routes.finish(s.config)
	}
	s.progress.end(s.routes, run.decoder.Noise())
	return err
}

// openSnapshot opens the snapshot that the config names, nil where there is none. Should it break later, the sync ends by
// cancel.
func (s *session) openSnapshot(ctx context.Context, cancel context.CancelCauseFunc) (*snapshot.Store, error) {
	o := snapshot.Options{KeepRows: s.config.Snapshot.KeepRows, Fatal: cancel}
	var store *snapshot.Store
	var err error
	switch c := &s.config.Snapshot; c.Type {
	case config.LocalStorage:
		store, err = snapshot.Open(c.Path, o)
	case config.S3Storage:
		var b *bucket.Bucket
		if b, err = s.network.openBucket(&c.S3); err == nil {
			store, err = snapshot.OpenRemote(ctx, b, os.TempDir(), o)
		}
	}
	if err != nil {
		return nil, notOpened(err)
	}
	return store, nil
}

// notOpened is the failure of a snapshot that cannot be opened. What will not pass by itself takes another config, or a hand on
// what that names.
func notOpened(err error) error {
	err = fmt.Errorf("snapshot: %w", err)
	if failureType(err) == protocol.SystemError {
		return failure.Config(err)
	}
	return err
}

// look is run without an endpoint: it works on a copy of the snapshot and tells what would be sent.
func (s *session) look(ctx context.Context, in io.Reader) (streams []StreamPreview, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if s.config.Snapshot.Chosen() {
		scratch, err := os.MkdirTemp("", "preview-")
		if err != nil {
			return nil, fmt.Errorf("making a scratch folder: %w", err)
		}
		defer func() { _ = os.RemoveAll(scratch) }()
		store, err := s.copySnapshot(ctx, scratch, cancel)
		if err != nil {
			return nil, notOpened(err)
		}
		defer func() { _ = store.Close(context.WithoutCancel(ctx)) }() // it is thrown away
		if err := openAudiences(ctx, store, s.routes, s.catalog, s.progress.log.Warn); err != nil {
			return nil, err
		}
	}
	return s.preview(ctx, in)
}

// copySnapshot opens a copy of the snapshot below a folder.
func (s *session) copySnapshot(ctx context.Context, dir string, cancel context.CancelCauseFunc) (*snapshot.Store, error) {
	o := snapshot.Options{KeepRows: s.config.Snapshot.KeepRows, Fatal: cancel}
	c := &s.config.Snapshot
	if c.Type == config.S3Storage {
		b, err := s.network.openBucket(&c.S3)
		if err != nil {
			return nil, err
		}
		return snapshot.OpenRemoteCopy(ctx, b, dir, o)
	}
	return snapshot.OpenCopy(ctx, c.Path, dir, o)
}
