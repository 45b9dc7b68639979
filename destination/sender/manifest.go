package sender

import (
	"context"
	"fmt"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/manifest"
	"destination-webhook/destination/payload"
	"destination-webhook/protocol"
)

// Taken returns what the endpoint has taken of the stream, once nothing is sent any more. The
// stream has a manifest.
func (s *Stream) Taken() manifest.Taken { return s.tally.Taken() }

// SendManifest delivers the stream's manifest. The error is non-nil if the endpoint did not accept
// it.
func (s *Stream) SendManifest(ctx context.Context, m *manifest.Manifest) error {
	body := m.Encode()
	to := s.route.Manifest
	address, err := s.route.Address(to, nil, nil)
	if err != nil {
		return fmt.Errorf("stream %s: the URL of its manifest: %w", s.route.Title(), err)
	}
	send := &batchSend{stream: s, span: s.begin(0)}
	id := payload.Identity{Method: to.Method, URL: address, Stream: s.route.Stream, Mode: s.route.Mode}
	_, err = s.options.Client.Deliver(ctx, delivery.Request{
		Method: to.Method, URL: address, Header: to.Header, ID: id.WebhookID(body), Body: body, Answers: s.manifestRules(),
		OnAttempt: func(a delivery.Attempt) { send.attempted(0, a) },
	})
	if err != nil {
		err = fmt.Errorf("stream %s: all rows were delivered and their states written, but the endpoint did not accept the manifest: %w", s.route.Title(), err)
	}
	if send.span != nil {
		send.span.Ended(Counts{}, err)
	}
	return err
}

// manifestRules are those of the stream's batches, except that no answer is about rows.
func (s *Stream) manifestRules() *answer.Rules {
	rules := s.route.Answers
	if rules == nil {
		return nil
	}
	return &answer.Rules{Statuses: rules.Statuses, SuccessIf: rules.SuccessIf, Otherwise: rules.Otherwise}
}

// Rows returns counts of rows that are sent as a manifest has them.
func Rows(c protocol.RowCounts) manifest.Rows {
	return manifest.Rows{
		Added: c[protocol.Added], Changed: c[protocol.Changed], Removed: c[protocol.Removed], Upserted: c[protocol.Upserted],
	}
}
