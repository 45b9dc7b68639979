package destination

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// saveInterval is how often a snapshot that lives in a bucket is written back during a sync: what was confirmed since then
// is sent again if the process dies.
const saveInterval = time.Minute

// session is a sync with all that it opens before and closes behind.
type session struct {
	config   *Config
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
		return configError(err)
	}
	if letters != nil {
		defer func() { err = errors.Join(err, letters.Close()) }()
	}
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
	return s.sync(ctx, letters, in)
}

func (s *session) sync(ctx context.Context, letters letters, in io.Reader) error {
	s.network.onAttempt = s.progress.attempt
	client := s.network.client(s.config, s.network.authorized)
	sender := newSender(client, s.routes.all, letters, s.network.redactor.String, s.progress)
	s.progress.start(s.config, s.routes)
	run := newRun(ctx, s.config, s.catalog, s.routes, sender, s.out, s.progress)
	err := run.sync(ctx, in, client)
	s.progress.end(s.routes, run.decoder.Noise())
	return err
}

// openSnapshot opens the snapshot that the config names, nil where there is none. Should it break later, the sync ends by
// cancel.
func (s *session) openSnapshot(ctx context.Context, cancel context.CancelCauseFunc) (*snapshot.Store, error) {
	o := snapshot.Options{KeepRows: s.config.Snapshot.KeepRows, Fatal: cancel}
	switch c := &s.config.Snapshot; c.Type {
	case "local":
		store, err := snapshot.Open(c.Path, o)
		if err != nil {
			return nil, fmt.Errorf("snapshot: %w", err)
		}
		return store, nil
	}
	return nil, nil
}
