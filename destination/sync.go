package destination

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"time"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/protocol"
)

// grace is how long requests in flight may go on once a sync ends early, so that the states behind them still come out.
const grace = 10 * time.Second

// run is one run of write. One goroutine owns it: it decodes the input, adds rows and states to the pipeline, and settles
// what comes back. A second one reads the input, and the pipeline's senders deliver; they meet in wait.
type run struct {
	config   *config.Config
	routes   *routes
	encoders []*encoder
	streams  []*batching.Stream
	stray    *batching.Stream // of states for streams that are not in the catalog
	pipeline *batching.Pipeline
	abort    context.CancelFunc // ends attempts in flight
	out      *protocol.Writer
	progress *progress

	input   *input
	block   block // being worked on; no lines: none is
	ended   bool  // the input is
	decoder protocol.Decoder
	message protocol.Message
	recent  int              // the stream of the last record
	seen    func(stream int) // called with each record, if not nil
	now     time.Time
	age     *time.Timer

	swept   int       // streams whose removals are done
	leaving *removals // of the stream at hand
}

// newRun prepares a sync of the catalog's streams.
func newRun(ctx context.Context, c *config.Config, catalog *protocol.Catalog, rs *routes, send batching.Send, out *protocol.Writer, p *progress) *run {
	sending, abort := context.WithCancel(context.WithoutCancel(ctx))
	r := &run{config: c, routes: rs, out: out, progress: p, abort: abort, recent: -1}
	r.pipeline = batching.New(sending, batching.Options{
		MaxRows:     c.Batching.MaxRows,
		MaxBytes:    c.Batching.MaxBytes,
		MaxAge:      c.Batching.MaxAge(),
		MaxBuffered: c.Batching.MaxBufferedBytes,
		MaxInFlight: c.Delivery.MaxConcurrentRequests,
	}, send, r.emit)
	seed := maphash.MakeSeed()
	for i, route := range rs.all {
		e := newEncoder(route, c.IncludeMetadata, c.OnRejectedRows == config.ToDeadLetter, seed)
		if r.encoders = append(r.encoders, e); len(route.key) > 0 {
			r.decoder.Find(route.namespace, route.name, e.lookup)
		}
		var metadata *protocol.ConfiguredStream
		if c.IncludeMetadata {
			metadata = &catalog.Streams[i]
		}
		r.streams = append(r.streams, r.pipeline.Stream(frame(route, metadata), len(route.key) > 0))
	}
	r.stray = r.pipeline.Stream(batching.Frame{}, false)
	return r
}

// emit takes a state that is due; the loop writes it once it has those that are due with it. Parted by a crash, they would let the
// next sync begin within a batch.
func (r *run) emit(st *protocol.State, records, rejected int64) {
	r.progress.states++
	r.out.State(st, records, rejected)
}

// stopper keeps deliveries from making another attempt.
type stopper interface{ Stop() }

// sync reads the input to its end and returns once all of it is settled; or at the first failure, or when ctx ends, which
// is its cause then. In each case the states that are due have been written.
func (r *run) sync(ctx context.Context, in io.Reader, client stopper) error {
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	defer r.abort()
	r.input = newInput(reading, in)
	r.age = time.NewTimer(0)
	defer r.age.Stop()
	err := r.loop(ctx)
	if err != nil {
		stopReading()
		r.drain(client)
	}
	r.pipeline.Close()
	if r.leaving != nil {
		r.leaving.stop() // a sync that ends early leaves its reading of the snapshot open, and that could not be closed then
	}
	return cmp.Or(err, r.flush())
}

// flush writes the states that are due.
func (r *run) flush() error {
	if err := r.out.Flush(); err != nil {
		return fmt.Errorf("writing to stdout: %w", err)
	}
	return nil
}

func (r *run) loop(ctx context.Context) error {
	for {
		r.now = time.Now()
		done, err := r.step()
		if done || err != nil {
			return err
		}
		if err := r.flush(); err != nil {
			return err
		}
		if err := r.wait(ctx); err != nil {
			return err
		}
		if err := r.pipeline.Err(); err != nil {
			return err
		}
	}
}

// step does what can be done without waiting: it works on the input; then, once all of it is settled, on the rows that left.
func (r *run) step() (done bool, err error) {
	if err := r.work(); err != nil {
		return false, err
	}
	for r.ended && r.block.lines == nil {
		if err := r.remove(); err != nil {
			return false, err
		}
		if r.leaving != nil {
			return false, nil
		}
		if r.pipeline.Flush(); !r.pipeline.Idle() {
			return false, nil
		}
		if r.leaving, err = r.sweep(); r.leaving == nil || err != nil {
			return err == nil, err
		}
	}
	return false, nil
}

// wait waits for whatever comes first. While the house is full it takes no input: that is the back-pressure.
func (r *run) wait(ctx context.Context) error {
	blocks := r.input.blocks
	if r.ended || r.block.lines != nil || r.pipeline.Full() {
		blocks = nil
	}
	if due, ok := r.pipeline.Due(); ok {
		r.age.Reset(max(0, due.Sub(r.now)))
	}
	select {
	case b := <-blocks:
		return r.receive(b)
	case result := <-r.pipeline.Results():
		r.pipeline.Settle(result)
	case <-r.age.C:
		r.pipeline.FlushAged(time.Now())
	case <-r.progress.C():
		r.progress.tick(r.pipeline.InFlight())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

func (r *run) receive(b block) error {
	if errors.Is(b.err, io.EOF) {
		r.ended = true
		return nil
	}
	if b.err != nil {
		return fmt.Errorf("reading stdin behind line %d: %w", r.decoder.Line(), b.err)
	}
	r.block = b
	r.decoder.Reset(b.lines)
	return nil
}

// work takes messages from the block at hand until it ends or the house is full.
func (r *run) work() error {
	for r.block.lines != nil && !r.pipeline.Full() {
		err := r.decoder.Next(&r.message)
		if err == nil {
			err = r.handle(&r.message)
		}
		if errors.Is(err, io.EOF) {
			r.input.release(r.block)
			r.block = block{}
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *run) handle(m *protocol.Message) error {
	switch m.Type {
	case protocol.TypeRecord:
		return r.record(&m.Record)
	case protocol.TypeState:
		r.state(&m.State)
	case protocol.TypeTrace:
		r.trace(&m.Trace)
	}
	return nil
}

func (r *run) record(record *protocol.Record) error {
	i := r.recent
	if i < 0 || !r.routes.all[i].is(record) {
		var known bool
		if i, known = r.routes.find(record.Namespace, record.Stream); !known {
			return unknownStream(r.decoder.Line(), record)
		}
		r.recent = i
	}
	if r.seen != nil {
		r.seen(i)
	}
	row, err := r.encoders[i].encode(record)
	if err != nil {
		return fmt.Errorf("line %d of the input: %w", r.decoder.Line(), err)
	}
	if row == nil {
		r.pipeline.Skip(r.streams[i])
		return nil
	}
	r.pipeline.Add(r.streams[i], row, r.now)
	return nil
}

func unknownStream(line int64, record *protocol.Record) error {
	return fmt.Errorf("line %d of the input: a RECORD of stream %s, which is not in the catalog: refresh the source's schema in the connection, or check the file given with --catalog",
		line, title(string(record.Namespace), string(record.Stream)))
}

func (r *run) state(st *protocol.State) {
	var stream *batching.Stream
	if st.Kind == protocol.StreamState {
		stream = r.stray
		if i, known := r.routes.find(st.Namespace, st.Stream); known {
			stream = r.streams[i]
		}
	}
	r.pipeline.State(st.Clone(), stream)
}

// trace notes whether a stream has been sent whole.
func (r *run) trace(t *protocol.Trace) {
	if i, known := r.routes.find(t.Namespace, t.Stream); known && r.routes.all[i].audience != nil {
		r.routes.all[i].audience.refresh.hear(t)
	}
}

// drain lets requests in flight finish, for a while, and releases the states behind them. Nothing new is sent.
func (r *run) drain(client stopper) {
	r.pipeline.Stop()
	client.Stop()
	if r.flush() != nil {
		r.abort() // nobody hears of the states
	}
	late := time.AfterFunc(grace, r.abort)
	defer late.Stop()
	for r.pipeline.InFlight() > 0 {
		r.pipeline.Settle(<-r.pipeline.Results())
		_ = r.flush() // the grace may be cut short
	}
}
