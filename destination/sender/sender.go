// Package sender brings batches to their endpoint: a part that is refused is bisected until the rows
// at fault are alone, they become dead letters, and what the endpoint has is confirmed. It knows
// neither how records are read nor when a STATE is released.
package sender

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"destination-webhook/batching"
	"destination-webhook/destination/audience"
	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/manifest"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// Options are what a sender needs.
type Options struct {
	Client      *delivery.Client
	DeadLetters deadletter.Store // nil: a rejected row ends the sync
	Redact      func(string) string
	RedactCut   func(string) string            // for text that may end within a secret; nil: Redact
	Warn        func(text string, args ...any) // logs what a user should know
	Observer    Observer
	Tracer      Tracer  // nil: nobody records spans
	Waiting     Waiting // nil: no later sync tries rejected rows again
	// Of rows with the same key in a batch only the last is sent, see payload.Compacts.
	Compact bool
	Now     func() time.Time // nil: time.Now
}

// Observer is told what is sent. It is called from many goroutines.
type Observer interface {
	// Attempted tells of an attempt to deliver a number of rows, whatever came of it.
	Attempted(r *route.Route, rows int, a delivery.Attempt)
	// Settled tells of a batch of which every row is settled, or of the rows that the endpoint took
	// before the batch failed.
	Settled(r *route.Route, c Counts)
}

// Tracer records the spans of batches. It is called from many goroutines.
type Tracer interface {
	// Batch begins the span of a batch with a number of rows.
	Batch(r *route.Route, rows int) Span
}

// Span is that of a batch. One goroutine uses it.
type Span interface {
	// Attempted adds an attempt to deliver a number of the batch's rows.
	Attempted(rows int, a *delivery.Attempt)
	// Ended ends the span.
	Ended(c Counts, err error)
}

// Counts is what became of a batch.
type Counts struct {
	Accepted, Rejected protocol.RowCounts // rows
	Repeated           protocol.RowCounts // of the rejected ones: an earlier sync has counted them
	Suppressed         protocol.RowCounts // rows that were neither sent nor rejected
	// All rows that are settled, by what they were counted as before the batch: what is sent of one
	// that replaces others may have another operation.
	Settled  protocol.RowCounts
	Replaced int // rows that were not sent, as a later one of the batch with their key was accepted
	Removals int // rejected rows that had left: they have no dead letter
	Bytes    int // of the body without the suppressed rows; 0 if nothing was sent
}

// Sender brings the batches of a sync to their endpoints. It is safe for concurrent use.
type Sender struct {
	options     Options
	occurrences payload.Occurrences
}

// New makes a sender.
func New(o Options) *Sender {
	if o.RedactCut == nil {
		o.RedactCut = o.Redact
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Sender{options: o}
}

// Stream is the sending of one stream's batches. It is safe for concurrent use.
type Stream struct {
	options  *Options
	route    *route.Route
	audience *audience.Audience
	names    *payload.Names
	sync     string

	tally *manifest.Tally // nil: the stream has no manifest

	// What the endpoint has said of single rows so far.
	accepted, refused atomic.Int64
	storing, keeping  atomic.Bool // a warning has told of dead letters, of removals that are rejected
}

// Stream prepares the sending of a stream's batches. a is nil if the stream is not compared with a
// snapshot; sync identifies the sync, see payload.NewNames.
func (s *Sender) Stream(r *route.Route, a *audience.Audience, sync string) *Stream {
	t := &Stream{options: &s.options, route: r, audience: a, sync: sync, names: payload.NewNames(r, sync, &s.occurrences)}
	if r.Manifest != nil {
		t.tally = &manifest.Tally{}
	}
	return t
}

// batchSends are those of batches that were sent, for the next ones.
var batchSends = sync.Pool{New: func() any { return new(batchSend) }}

// Send delivers a batch; it is a batching.Send.
func (s *Stream) Send(ctx context.Context, b *batching.Batch) (outcome batching.Outcome) {
	defer failure.RecoverTo(&outcome.Err)
	send := batchSends.Get().(*batchSend)
	*send = batchSend{stream: s, batch: b, span: s.begin(b.Rows())}
	defer func() {
		*send = batchSend{} // the pool keeps nothing alive
		batchSends.Put(send)
	}()
	rejected, err := send.run(ctx)
	if err != nil {
		send.ended(Counts{Accepted: send.accepted, Settled: send.begun, Bytes: send.acceptedBytes}, err)
		return batching.Outcome{Err: err}
	}
	c := send.counts(rejected)
	if s.tally != nil {
		s.tally.Exclude(c.Rejected.Sum(), c.Suppressed.Sum()+int64(c.Replaced))
	}
	send.ended(c, nil)
	return batching.Outcome{Rejected: rejected, Stats: send.stats(c)}
}

// undelivered adds to an error which stream's batch it is about.
func undelivered(r *route.Route, rows int, err error) error {
	return fmt.Errorf("stream %s: a batch of %d rows was not delivered: %w", r.Title(), rows, err)
}
