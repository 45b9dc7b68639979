package destination

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"destination-webhook/batching"
	"destination-webhook/destination/audience"
	"destination-webhook/destination/config"
	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/outbound"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/report"
	"destination-webhook/destination/route"
	"destination-webhook/destination/sender"
	"destination-webhook/destination/snapshot"
	"destination-webhook/destination/telemetry"
	"destination-webhook/protocol"
)

// session is a sync with all that it opens before and closes after.
type session struct {
	config    *config.Config
	table     route.Table
	network   *outbound.Network
	redactor  *redact.Redactor
	agent     string
	identity  syncIdentity
	out       *protocol.Writer
	progress  *report.Progress
	telemetry *telemetry.Telemetry // nil: nobody asks for it
	// What is sent is no reading of the source: refreshes neither begin nor end.
	replays bool
}

// summary returns what the sync has done, nil if it did not get as far as its end.
func (s *session) summary() *report.Summary {
	if s.progress == nil {
		return nil
	}
	return s.progress.Summary()
}

// close ends what the session has opened.
func (s *session) close() {
	if s.network != nil {
		s.network.Close()
	}
}

// input makes ready what a sync reads, once its streams are open.
type input func(ctx context.Context, streams []*engine.Stream) (io.Reader, error)

// write opens the stores, syncs, and closes them. An error of closing one is one of the sync.
func (s *session) write(ctx context.Context, in input) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deadLetters, err := openDeadLetters(s.config, s.network, s.agent)
	if err != nil {
		return failure.Config(err)
	}
	waiting, err := s.openWaiting(ctx, deadLetters)
	if waiting != nil {
		// After the dead letters are closed.
		defer waiting.close(context.WithoutCancel(ctx), s.progress.Warn)
	}
	if deadLetters != nil {
		defer func() { err = errors.Join(err, deadLetters.Close()) }()
	}
	if err != nil {
		return interrupted(ctx, err)
	}
	s.warn()
	store, err := s.openSnapshot(ctx, cancel)
	if err != nil {
		return interrupted(ctx, err)
	}
	if store != nil {
		// What is confirmed is kept whatever ended the sync, a signal too.
		defer func() { err = closeAfter(ctx, store, err) }()
	}
	streams, err := s.streams(ctx, store)
	if err != nil {
		return interrupted(ctx, err)
	}
	if store != nil && s.config.Snapshot.Type == config.S3Storage {
		stop := saveAtIntervals(ctx, saving(store), s.progress.Warn, cancel)
		defer stop()
	}
	records, err := in(ctx, streams)
	if err != nil {
		return err
	}
	return s.sync(ctx, streams, deadLetters, waiting, records)
}

// interrupted returns the cause of ctx's end if err only says that something was cut short by it.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return context.Cause(ctx)
	}
	return err
}

// warn logs what a user should know before the sync begins.
func (s *session) warn() {
	for _, warning := range slices.Concat(s.network.Warnings(), s.config.Warnings, s.table.Warnings(s.config)) {
		s.progress.Warn(warning)
	}
	if s.config.TLS.InsecureSkipVerify {
		s.progress.Warn("tls.insecure_skip_verify is on: whoever answers in the endpoint's place receives the rows and the credentials")
	}
}

// streams returns the streams of the sync, with their audiences if there is a snapshot.
func (s *session) streams(ctx context.Context, store *snapshot.Store) ([]*engine.Stream, error) {
	var streams []*engine.Stream
	for _, r := range s.table {
		stream := &engine.Stream{Route: r}
		if store != nil {
			var err error
			if stream.Audience, err = audience.Open(ctx, store, r, s.progress.Warn); err != nil {
				return nil, err
			}
		}
		streams = append(streams, stream)
	}
	return streams, nil
}

// sync delivers the input to its end.
func (s *session) sync(ctx context.Context, streams []*engine.Stream, deadLetters deadletter.Store, waiting *waiting, in io.Reader) error {
	client := s.network.EndpointClient()
	sending := sender.Options{
		Client: client, DeadLetters: deadLetters, Redact: s.redactor.String, RedactCut: s.redactor.Cut,
		Warn: s.progress.Warn, Observer: s.progress, Tracer: s.tracer(), Compact: s.config.Batching.Compact,
	}
	options := engineOptions(s.config, s.progress)
	if waiting != nil {
		sending.Waiting, options.Waiting = waiting, waiting
	}
	deliver, ends := sender.New(sending), &manifests{progress: s.progress}
	for _, stream := range streams {
		to := deliver.Stream(stream.Route, stream.Audience, s.identity.of(stream.Route))
		stream.Send = to.Send
		if !s.replays { // a replay is no reading of the source
			ends.add(stream, to)
		}
	}
	s.progress.Start(s.config, s.table, client.Load)
	e := engine.New(ctx, streams, options, s.out)
	err := s.run(ctx, e, in)
	if err == nil {
		err = ends.send(ctx, options.Policy)
	}
	if err == nil && !s.replays {
		finish(streams, options.Policy)
	}
	if waiting != nil {
		err = errors.Join(err, waiting.store(context.WithoutCancel(ctx)))
		s.progress.Retried(report.Retried(waiting.Counts()))
	}
	waits := e.Waits()
	s.progress.End(s.config, streams, e.Skipped(), report.Waits{
		Source: waits.Source.Seconds(), Endpoint: waits.Endpoint.Seconds(), RateLimit: client.Paced().Seconds(),
	})
	return err
}

// run reads the input to its end. A panic is an error here already, so that the report has what was
// done before.
func (s *session) run(ctx context.Context, e *engine.Engine, in io.Reader) (err error) {
	defer failure.RecoverTo(&err)
	return e.Run(ctx, in, s.network.Stop)
}

// finish notes in the snapshots that the sync has ended well.
func finish(streams []*engine.Stream, p audience.Policy) {
	for _, stream := range streams {
		if stream.Audience != nil {
			stream.Audience.Finish(p, stream.Status)
		}
	}
}

// engineOptions are the choices of the config that the engine makes.
func engineOptions(c *config.Config, p *report.Progress) engine.Options {
	return engine.Options{
		Batching: batching.Options{
			MaxRows:     c.Batching.MaxRows,
			MaxBytes:    c.Batching.MaxBytes,
			MaxAge:      c.Batching.MaxAge(),
			MaxBuffered: c.Batching.MaxBufferedBytes,
			MaxInFlight: c.Delivery.MaxConcurrentRequests,
			Partitions:  c.Batching.Partitions,
		},
		KeyHash:     keyHash(c),
		Metadata:    c.IncludeMetadata,
		DeadLetters: c.OnRejectedRows == config.ToDeadLetter,
		Policy: audience.Policy{
			WithoutComplete: c.RemovalsWithoutComplete, AllowMassRemoval: c.AllowMassRemoval, MaxRemovedPercent: c.MaxRemovedPercent,
		},
		Warn: p.Warn, Observer: p,
	}
}

// keyHash returns the hash of the sync's primary keys.
func keyHash(c *config.Config) payload.KeyHash {
	return payload.NewKeyHash(c.URL, c.AuthorizationHeader.Reveal(), c.APIKey.Reveal(), c.Signing.Secret.Reveal())
}

// openSnapshot opens the snapshot that the config names, nil if there is none. If it fails later,
// the sync ends by cancel.
func (s *session) openSnapshot(ctx context.Context, cancel context.CancelCauseFunc) (*snapshot.Store, error) {
	place, err := snapshotPlaceOf(s.config, s.network)
	if err != nil {
		return nil, notOpened(err)
	}
	if place == nil {
		return nil, nil
	}
	store, err := place.open(ctx, s.snapshotOptions(cancel))
	if err != nil {
		return nil, notOpened(err)
	}
	return store, nil
}

func (s *session) snapshotOptions(cancel context.CancelCauseFunc) snapshot.Options {
	return snapshot.Options{
		KeepRows: s.config.Snapshot.KeepRows, KeepGenerations: s.replays, Fatal: cancel, Fetched: logFetched(s.progress.Info),
	}
}

// notOpened is the failure of a snapshot that cannot be opened. What will not pass by itself takes
// another config, or a hand on what that names.
func notOpened(err error) error {
	err = fmt.Errorf("snapshot: %w", err)
	if failureType(err) == protocol.SystemError {
		return failure.Config(err)
	}
	return err
}
