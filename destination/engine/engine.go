// Package engine is the loop of a sync: it reads messages, makes rows of records, puts rows and
// states into the pipeline, and writes the states that are due. It does not know how a batch is
// delivered.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"destination-webhook/batching"
	"destination-webhook/destination/audience"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// grace is how long requests in flight may go on once a sync ends early, so that the states after
// them still come out.
const grace = 10 * time.Second

// Stream is one stream of the catalog, with all that a sync has of it.
type Stream struct {
	Route    *route.Route
	Audience *audience.Audience // nil if the stream is not compared with a snapshot
	Send     batching.Send      // delivers the stream's batches
	OnRecord func()             // called with each record, if not nil
	Status   audience.Status

	Counts

	encoder *payload.Encoder
	batches *batching.Stream
}

// Options are the choices of a sync.
type Options struct {
	Batching    batching.Options
	Metadata    bool // rows and envelopes carry Airbyte's metadata
	DeadLetters bool // rows may be rejected without ending the sync
	KeyHash     payload.KeyHash
	Policy      audience.Policy
	Warn        func(text string, args ...any) // logs what a user should know
	Observer    Observer
	Waiting     Waiting // nil: no rejected row is tried again
}

// Observer is told how the sync goes, by the goroutine that runs it.
type Observer interface {
	// StateEmitted is called for each state when it becomes due, before it is written.
	StateEmitted()
	// Due is a channel of the moments at which Observe is called.
	Due() <-chan time.Time
	Observe(m Moment)
}

// Moment is how far a sync is.
type Moment struct {
	InFlight int   // batches
	Buffered int   // bytes of rows and states that wait
	Records  int64 // read so far
	Expected int64 // records that the source expects to send in all; 0: not known
	Skipped  int64 // rows that need not be sent, and that are in no batch
}

// Engine runs one sync. One goroutine owns it: it takes decoded messages, adds rows and states to
// the pipeline, and completes the batches that come back. Others read the input, decode it and
// deliver batches; the owner waits for all of them in wait.
type Engine struct {
	options  Options
	streams  []*Stream
	names    names
	pipeline *batching.Pipeline
	abort    context.CancelFunc // ends attempts in flight
	out      *protocol.Writer

	input    *input
	block    block // being worked on; no lines: none is
	ended    bool  // the input is
	fault    error // what ended it before its time: the rows before it are delivered first
	decoders []*decoder
	skipped  protocol.Skipped
	message  protocol.Message
	recent   *Stream // of the last record
	warned   bool    // that a state's stream is not known
	records  int64   // read so far
	expected estimates
	waits    Waits
	now      time.Time // when the last wait ended
	age      *time.Timer
	due      time.Time // when age ends; zero: it has

	swept     int        // streams whose removals are done
	retried   bool       // the rows that wait are being tried again
	additions *additions // being added
}

// New prepares a sync of the streams, which are those of the catalog in its order. Deliveries go on
// for a grace after ctx has ended.
func New(ctx context.Context, streams []*Stream, o Options, out *protocol.Writer) *Engine {
	sending, abort := context.WithCancel(context.WithoutCancel(ctx))
	e := &Engine{options: o, streams: streams, out: out, abort: abort, names: newNames(streams)}
	send := func(ctx context.Context, b *batching.Batch) batching.Outcome {
		return streams[b.Stream.Index].Send(ctx, b)
	}
	e.pipeline = batching.New(sending, o.Batching, send, e.emit)
	for i := range decoders() {
		d := &decoder{ahead: newLookahead(streams, &e.names)}
		if i > 0 {
			d.Continue()
		}
		e.decoders = append(e.decoders, d)
	}
	for _, s := range streams {
		e.prepare(s)
	}
	return e
}

// prepare gives a stream its place in the pipeline, and its encoder if the decoders are to find its
// key. The other streams get theirs with their first record: most of a large catalog send none.
func (e *Engine) prepare(s *Stream) {
	keyed := len(s.Route.Key) > 0
	if keyed {
		s.encoder = e.newEncoder(s)
		for _, d := range e.decoders {
			d.Find(s.Route.Stream.Namespace, s.Route.Stream.Name, s.encoder.Lookup())
		}
	}
	s.batches = e.pipeline.Stream(payload.Frame(s.Route, e.options.Metadata), keyed)
	if s.Route.SingleRows() {
		s.batches.MaxRows = 1
	}
}

func (e *Engine) newEncoder(s *Stream) *payload.Encoder {
	o := payload.Options{Metadata: e.options.Metadata, DeadLetters: e.options.DeadLetters, KeyHash: e.options.KeyHash}
	if s.Audience != nil {
		o.Differ = s.Audience
	}
	if w := e.options.Waiting; w != nil {
		o.Waits = func(key uint64) bool { return w.Waits(s, key) }
	}
	return payload.NewEncoder(s.Route, o)
}

// emit takes a state that is due; the loop writes it once it has those that are due with it. Parted
// by a crash, they would let the next sync begin within a batch.
func (e *Engine) emit(st *protocol.State, records, rejected int64) {
	e.options.Observer.StateEmitted()
	e.out.State(st, records, rejected)
}

// Skipped returns the counts of the lines of the input that were no Airbyte messages.
func (e *Engine) Skipped() protocol.Skipped { return e.skipped }

// Run reads the input to its end and returns once all of it is settled; or at the first failure, or
// when ctx ends, which is its cause then. In each case the states that are due have been written.
// stop keeps deliveries from making another attempt.
func (e *Engine) Run(ctx context.Context, in io.Reader, stop func()) error {
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	defer e.abort()
	e.input = newInput(reading, in, e.decoders)
	e.age = time.NewTimer(0)
	defer e.age.Stop()
	err := e.loop(ctx)
	if err != nil {
		stopReading()
		e.drain(stop)
	}
	e.pipeline.Close()
	if e.additions != nil {
		// A sync that ends early leaves its reading of the snapshot open, and that could not be
		// closed then.
		e.additions.stop()
	}
	return cmp.Or(err, e.flush())
}

// flush writes the states that are due.
func (e *Engine) flush() error {
	if err := e.out.Flush(); err != nil {
		return fmt.Errorf("writing to stdout: %w", err)
	}
	return nil
}

func (e *Engine) loop(ctx context.Context) error {
	e.now = time.Now()
	for {
		done, err := e.step(ctx)
		if done || err != nil {
			return err
		}
		if err := e.flush(); err != nil {
			return err
		}
		if err := e.wait(ctx); err != nil {
			return err
		}
		if err := e.pipeline.Err(); err != nil {
			return errors.Join(e.fault, err)
		}
	}
}

// step does what can be done without waiting: it works on the input; then, once all of it is
// settled, on the rows that left, and on those that are tried again.
func (e *Engine) step(ctx context.Context) (done bool, err error) {
	if err := e.work(); err != nil {
		e.end(err)
	}
	for e.ended && e.block.lines == nil {
		if err := e.add(); err != nil {
			return false, err
		}
		if e.additions != nil {
			return false, nil
		}
		if e.pipeline.Flush(); !e.pipeline.Idle() {
			return false, nil
		}
		if e.fault != nil {
			return false, e.fault
		}
		if e.additions, err = e.nextAdditions(ctx); e.additions == nil || err != nil {
			return err == nil, err
		}
	}
	return false, nil
}

// wait waits for whatever comes first. While the pipeline is full it takes no input: that is the
// back-pressure.
func (e *Engine) wait(ctx context.Context) error {
	blocks, slow := e.input.next(), &e.waits.Source
	if e.ended || e.block.lines != nil || e.pipeline.Full() {
		blocks, slow = nil, &e.waits.Endpoint
	}
	began := time.Now()
	if due, ok := e.pipeline.Due(); ok && !due.Equal(e.due) {
		e.due = due
		e.age.Reset(max(0, due.Sub(began)))
	}
	waited := func() {
		e.now = time.Now()
		*slow += e.now.Sub(began)
	}
	select {
	case b := <-blocks:
		waited()
		e.receive(b)
	case result := <-e.pipeline.Results():
		waited()
		e.settle(result)
	case <-e.age.C:
		waited()
		e.due = time.Time{}
		e.pipeline.FlushAged(e.now)
	case <-e.options.Observer.Due():
		waited()
		e.options.Observer.Observe(e.moment())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// settle settles a batch that has come back, and the others that are there already.
func (e *Engine) settle(r batching.Result) {
	more := len(e.pipeline.Results())
	e.pipeline.Settle(r)
	for range more {
		e.pipeline.Settle(<-e.pipeline.Results())
	}
}

// drain lets requests in flight finish, for a while, and releases the states after them. Nothing
// new is sent.
func (e *Engine) drain(stop func()) {
	e.pipeline.Stop()
	stop()
	if e.flush() != nil {
		e.abort() // states can no longer be written
	}
	late := time.AfterFunc(grace, e.abort)
	defer late.Stop()
	for e.pipeline.InFlight() > 0 {
		e.pipeline.Settle(<-e.pipeline.Results())
		_ = e.flush() // the grace may be cut short
	}
}

func (e *Engine) moment() Moment {
	m := Moment{InFlight: e.pipeline.InFlight(), Buffered: e.pipeline.Buffered(), Records: e.records, Expected: e.expected.total()}
	for _, s := range e.streams {
		m.Skipped += s.Skipped.Sum()
	}
	return m
}
