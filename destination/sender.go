package destination

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"destination-webhook/batching"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
)

// sender brings batches to their endpoint. Many goroutines use it at once.
type sender struct {
	client  *delivery.Client
	routes  []*route
	letters letters // nil: a rejected row ends the sync
	redact  func(string) string
	log     *slog.Logger
	stats   *stats
	now     func() time.Time
	tallies []tally // of each stream
}

func newSender(client *delivery.Client, routes []*route, store letters, redact func(string) string, p *progress) *sender {
	return &sender{
		client: client, routes: routes, letters: store, redact: redact, log: p.log, stats: p.stats,
		now: time.Now, tallies: make([]tally, len(routes)),
	}
}

// tally is what an endpoint has said of a stream's rows so far.
type tally struct {
	accepted, refused atomic.Int64
	reported          atomic.Bool
}

// send delivers a batch; it is a batching.Send.
func (s *sender) send(ctx context.Context, b *batching.Batch) (outcome batching.Outcome) {
	defer failure.RecoverTo(&outcome.Err)
	ship := &shipment{sender: s, route: s.routes[b.Stream.Index], batch: b}
	rejected, err := ship.run(ctx)
	if err != nil {
		return batching.Outcome{Err: err}
	}
	s.count(b, rejected)
	return batching.Outcome{Rejected: rejected}
}

// count counts what of a settled batch was sent: silent rows were not, and a batch of nothing else is none.
func (s *sender) count(b *batching.Batch, rejected []int) {
	silent := b.Suppressed()
	accepted, bytes := b.Rows()-len(silent), 0
	if accepted > 0 {
		bytes = len(b.Body)
		for _, i := range silent {
			bytes -= len(b.Row(i)) + len(b.Stream.Frame.Separator)
		}
	}
	for _, i := range rejected {
		if _, found := slices.BinarySearch(silent, i); !found {
			accepted--
		}
	}
	s.stats.delivered(b.Stream.Index, accepted, len(rejected), bytes)
}

// run delivers the batch and settles it: in the snapshot, where there is one, and as dead letters, where rows are rejected.
func (s *shipment) run(ctx context.Context) (rejected []int, err error) {
	var confirm *confirmation
	if s.route.audience != nil {
		if confirm, err = s.route.audience.begin(ctx, s.batch); err != nil {
			return nil, fmt.Errorf("stream %s: %w", s.route.title(), err)
		}
	}
	err = s.deliver(ctx)
	rejected, stored := s.settle(ctx)
	if err = errors.Join(err, stored); err != nil || confirm == nil {
		return rejected, err
	}
	if err := confirm.settle(rejected, s.batch.Suppressed()); err != nil {
		return nil, fmt.Errorf("stream %s: %w", s.route.title(), err)
	}
	return rejected, nil
}

// report logs the first rejected rows of a stream, once.
func (s *shipment) report(rejected []rejection) {
	t := &s.tallies[s.batch.Stream.Index]
	if t.reported.Swap(true) {
		return
	}
	s.log.Warn(fmt.Sprintf("stream %s: rows are rejected and go to the dead letters; the first: %s", s.route.title(), rejected[0].reason))
}

// request is the delivery of a body. Its Webhook-Timestamp is set with each attempt; see stamp.
func request(r *route, body []byte) delivery.Request {
	id := webhookID(r, body)
	header := r.header.Clone()
	header["Webhook-Id"] = []string{id}
	return delivery.Request{Method: r.method, URL: r.url, Header: header, ID: id, Body: body}
}
