package destination

import (
	"context"
	"errors"
	"fmt"
	"io"

	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/replay"
	"destination-webhook/protocol"
)

// ReplayDeadLetters sends the dead letters that f selects again, as records of the catalog's
// streams, and puts aside what is done. With dryRun it only logs what it would do. The error is
// as that of Write; there is one as well if all was tried, and letters are left.
func (p *Program) ReplayDeadLetters(ctx context.Context, configPath, catalogPath string, f replay.Filter, dryRun bool) error {
	return untilAbandoned(ctx, func() error {
		return p.sync(ctx, configPath, catalogPath, func(s *session) error { return s.replay(ctx, f, dryRun) })
	})
}

func (s *session) replay(ctx context.Context, f replay.Filter, dryRun bool) error {
	archive, err := openArchive(s.config, s.network)
	if err != nil {
		return err
	}
	defer func() { _ = archive.Close() }() // it was read from, and what was written is on the disk
	s.asReplay()
	if dryRun {
		return s.onCopy(ctx, func(ctx context.Context, streams []*engine.Stream) error {
			_, err := s.plan(ctx, archive, f, streams)
			return err
		})
	}
	var plan *replay.Plan
	var letters io.Closer
	err = s.write(ctx, func(ctx context.Context, streams []*engine.Stream) (io.Reader, error) {
		var err error
		if plan, err = s.plan(ctx, archive, f, streams); err != nil {
			return nil, err
		}
		in := plan.Input(ctx)
		letters = in
		return in, nil
	})
	if letters != nil {
		_ = letters.Close() // ends the reading, if the sync did not come to its end
	}
	if err != nil {
		return err
	}
	if err := plan.MoveDone(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("what was sent again could not be put aside, and the next replay sends it once more: %w", err)
	}
	return s.leftOf(plan)
}

// asReplay makes the sync one of single rows: no stream is read from its start, so no row has left.
func (s *session) asReplay() {
	s.replays, s.identity.replay = true, true
	for _, r := range s.table {
		configured := *r.Configured
		configured.SyncMode, configured.MinimumGenerationID = protocol.Incremental, 0
		r.Configured = &configured
	}
}

// plan determines what becomes of the dead letters, and logs it.
func (s *session) plan(ctx context.Context, archive deadletter.Archive, f replay.Filter, streams []*engine.Stream) (*replay.Plan, error) {
	var known []replay.Stream
	for _, stream := range streams {
		k := replay.Stream{Route: stream.Route}
		if stream.Audience != nil {
			k.DeliveredSince = stream.Audience.DeliveredSince
		}
		known = append(known, k)
	}
	plan, err := replay.New(ctx, archive, f, known)
	if err != nil {
		return nil, err
	}
	c := &plan.Counts
	s.progress.Info("dead letters are sent again, unless newer ones of their keys replace them or their keys were delivered since",
		"to_send", c.Sent, "replaced", c.Replaced, "delivered_since", c.Delivered)
	for _, left := range []struct {
		count int
		why   string
	}{
		{c.Unknown, "dead letters are not sent: their streams are not in the catalog"},
		{c.Unclear, "dead letters are not sent: the endpoint may already have newer rows with these keys; to send them anyway, pass their lines to write"},
		{c.Unreadable, "lines are not sent: they are not dead letters"},
		{c.InUse, "files of dead letters are not read: a sync still writes to them"},
	} {
		if left.count > 0 {
			s.progress.Warn(left.why, "count", left.count)
		}
	}
	return plan, nil
}

// leftOf is the error of a replay that did not deliver all that was selected.
func (s *session) leftOf(plan *replay.Plan) error {
	c := &plan.Counts
	rejected := s.progress.Summary().Rejected()
	switch {
	case rejected > 0:
		return failure.Config(fmt.Errorf("the endpoint refused %d of %d rows again, and they are new dead letters: dead-letters list shows why", rejected, c.Sent))
	case c.Unknown+c.Unclear+c.Unreadable+c.InUse > 0:
		return failure.Config(errors.New("dead letters are left, see the warnings above"))
	}
	return nil
}
