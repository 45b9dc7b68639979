package batching

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"destination-webhook/protocol"
)

// Options are the limits of a pipeline.
type Options struct {
	MaxRows     int           // of a batch
	MaxBytes    int           // of a batch's body; a single row may exceed it
	MaxAge      time.Duration // of an open batch
	MaxBuffered int           // bytes of open and waiting batches and of held states together
	MaxInFlight int           // batches being sent at once
	// Batches that an open one of a keyed stream may be parted into; 0 and 1 are the same.
	Partitions int
}

// Outcome is what became of a batch. Without an error every row of it is settled: delivered, or
// rejected and put aside.
type Outcome struct {
	Rejected []int                    // rows, in order
	Stats    protocol.AdditionalStats // told with the state that speaks for the batch's last row
	Err      error
}

// Send delivers a batch. It is called from MaxInFlight goroutines.
type Send func(ctx context.Context, b *Batch) Outcome

// Result is the outcome of a batch on its way back to the owner.
type Result struct {
	batch   *Batch
	outcome Outcome
}

// Pipeline is the way of rows from open batches to settled ones; see the package's promises.
type Pipeline struct {
	options Options
	ledger  ledger
	open    []*Stream // those with open rows, in no order
	rows    int64     // added so far
	closed  int64     // batches so far
	ready   []*Batch  // closed, in order, free to go
	free    []*Batch  // settled or parted, for their memory
	keySort keySort
	keyed   int // streams

	openBytes    int
	waitingBytes int
	waiting      int // closed and not in flight
	inFlight     int
	oldest       time.Time // no open row is older; zero if there is none

	work    chan *Batch
	results chan Result
	senders sync.WaitGroup
	err     error
	stopped bool
}

// New starts a pipeline, whose senders run until Close. They see the end of ctx; the pipeline
// itself does not.
func New(ctx context.Context, o Options, send Send, emit Emit) *Pipeline {
	p := &Pipeline{
		options: o,
		ledger:  ledger{emit: emit},
		work:    make(chan *Batch, o.MaxInFlight),
		results: make(chan Result, o.MaxInFlight),
	}
	for range o.MaxInFlight {
		p.senders.Go(func() {
			for b := range p.work {
				p.results <- Result{b, send(ctx, b)}
			}
		})
	}
	return p
}

// Stream makes a place for the rows of a stream.
func (p *Pipeline) Stream(frame Frame, keyed bool) *Stream {
	s := &Stream{Index: len(p.ledger.streams), Frame: frame, Keyed: keyed}
	if keyed {
		p.keyed++
	}
	s.scope = newScope(s)
	p.ledger.streams = append(p.ledger.streams, s)
	return s
}

// Add copies a row into the stream's open batch, closing that first if the row does not fit, and
// counts a record.
func (p *Pipeline) Add(s *Stream, r *Row, now time.Time) {
	p.rows++
	b := s.open.withRoom(r.size(), &s.one)
	if b == nil {
		b = p.makeRoom(s, r.size(), now)
	}
	c := p.ledger.scopeOf(s)
	p.put(s, b, r, c.states, arrival{p.rows, now})
	c.after++
	p.ledger.count(s)
	if p.isShort() {
		p.closeLargest()
	}
}

// Skip counts a record with an operation that needs no delivery.
func (p *Pipeline) Skip(s *Stream, o protocol.Operation) {
	p.ledger.count(s)
	p.ledger.skip(s, o)
}

// State holds a state, which must not alias the decoder's block, until all rows before it are
// settled. The stream is nil for a GLOBAL or LEGACY state.
func (p *Pipeline) State(st protocol.State, s *Stream) {
	if s == nil && p.ledger.all == nil {
		p.mergeScopes()
	}
	p.ledger.state(st, s)
	if c := p.ledger.scopeOf(s); c.cutNext {
		p.cut(c)
	}
	if p.isShort() {
		p.closeLargest()
	}
}

// mergeScopes goes over to one scope for all rows.
func (p *Pipeline) mergeScopes() {
	for _, s := range p.ledger.streams {
		if s.scope.before > 0 {
			p.cut(s.scope)
		}
	}
	for _, s := range p.open {
		s.open.forgetStates()
	}
	p.ledger.mergeScopes()
}

// batch takes a batch with memory from the free ones, if there is one.
func (p *Pipeline) batch(s *Stream) *Batch {
	var b *Batch
	if n := len(p.free); n > 0 {
		b, p.free = p.free[n-1], p.free[:n-1]
	} else {
		b = &Batch{}
	}
	b.reset(s)
	return b
}

// reuse puts batches that are not needed any more among the free ones.
func (p *Pipeline) reuse(batches []*Batch) {
	for _, b := range batches {
		b.forget()
		if len(p.free) <= p.maxWaiting() && b.held <= 4*p.options.MaxBytes {
			p.free = append(p.free, b)
		}
	}
}

// flush makes room: it cuts the stream's scope at its last state, or, if no open row comes before
// that, closes the stream's open rows as they are.
func (p *Pipeline) flush(s *Stream) {
	first, c := s.open.first.number, p.ledger.scopeOf(s)
	if c.before > 0 {
		p.cut(c)
		if s.open.empty() || s.open.first.number != first {
			return
		}
	}
	p.close(s)
}

// cut closes all open rows of the scope before the last state.
func (p *Pipeline) cut(c *scope) {
	streams := []*Stream{c.stream}
	if c.stream == nil {
		streams = p.oldestFirst()
	}
	for _, s := range streams {
		p.cutStream(s, c.states)
	}
	c.seal()
	for _, s := range streams {
		p.closeComplete(s)
	}
}

func (p *Pipeline) cutStream(s *Stream, states int64) {
	o := &s.open
	if o.states < states {
		p.close(s)
	} else if o.last.batch+o.last.row > 0 {
		p.queue(p.partition(s, p.split(s)))
	}
}

// close queues all open rows of the stream for sending.
func (p *Pipeline) close(s *Stream) {
	closed, apart := s.open.batches, s.open.apart()
	p.end(s)
	batches := closed
	if !apart {
		batches = p.partition(s, closed)
	}
	p.queue(batches)
	clear(closed)
	s.open.batches = closed[:0] // for its memory
}

// queue puts closed batches among those that wait to be sent.
func (p *Pipeline) queue(batches []*Batch) {
	for _, b := range batches {
		p.enqueue(b)
	}
	p.dispatch()
}

// enqueue puts a closed batch among those that wait to be sent.
func (p *Pipeline) enqueue(b *Batch) {
	p.ledger.scopeOf(b.Stream).close(b)
	b.Body = append(b.Body, b.Stream.Frame.Suffix...)
	b.accountMemory()
	p.closed++
	b.number = p.closed
	p.waitingBytes += b.held
	p.waiting++
	if p.ordered(b) {
		b.Stream.order.enter(b)
	}
	if b.blockers == 0 {
		p.ready = append(p.ready, b)
	}
}

// ordered reports whether the batch may have to wait for another with one of its keys.
func (p *Pipeline) ordered(b *Batch) bool { return b.Stream.Keyed && p.options.MaxInFlight > 1 }

// unblock puts a batch that waited for others among the ready ones. It is older than most of them,
// and a key that many batches hold is delayed no further.
func (p *Pipeline) unblock(b *Batch) {
	at, _ := slices.BinarySearchFunc(p.ready, b, func(a, b *Batch) int { return cmp.Compare(a.number, b.number) })
	p.ready = slices.Insert(p.ready, at, b)
}

// dispatch hands ready batches to the senders. The channel has room for as many as may be in
// flight.
func (p *Pipeline) dispatch() {
	for p.inFlight < p.options.MaxInFlight && len(p.ready) > 0 && !p.stopped {
		b := p.ready[0]
		p.ready = p.ready[1:]
		p.waiting--
		p.waitingBytes -= b.held
		p.inFlight++
		p.work <- b
	}
}

// closeLargest closes open batches, the largest first, as memory is short.
func (p *Pipeline) closeLargest() {
	keep := p.options.MaxBuffered / 4 * 3
	switch {
	case p.openBytes > keep:
	case p.waiting == 0 && p.inFlight == 0:
		keep = 0 // held states fill the memory: only their rows can free it
	default:
		return
	}
	for _, s := range p.largestFirst() {
		if p.openBytes <= keep {
			return
		}
		for first := s.open.first.number; !s.open.empty() && s.open.first.number == first; {
			p.flush(s)
		}
	}
}

// Buffered returns the bytes of rows and states that wait.
func (p *Pipeline) Buffered() int { return p.openBytes + p.waitingBytes + p.ledger.held }

// isShort reports whether memory is short.
func (p *Pipeline) isShort() bool { return p.Buffered() > p.options.MaxBuffered }

// Full reports whether the pipeline is full: nothing may be added before a result is settled.
func (p *Pipeline) Full() bool {
	return p.waiting >= p.maxWaiting() || p.isShort() && p.inFlight > 0
}

// maxWaiting is how many batches may wait before the pipeline is full. Those of one parted batch
// may all do so: else the senders would have nothing to do while the next one fills.
func (p *Pipeline) maxWaiting() int {
	if p.keyed > 0 {
		return max(p.options.MaxInFlight, p.options.Partitions)
	}
	return p.options.MaxInFlight
}

// Due is when the oldest open batch reaches its age; false if none is open.
func (p *Pipeline) Due() (time.Time, bool) {
	if len(p.open) == 0 {
		p.oldest = time.Time{}
		return time.Time{}, false
	}
	return p.oldest.Add(p.options.MaxAge), true
}

// FlushAged closes the open batches that have reached their age.
func (p *Pipeline) FlushAged(now time.Time) {
	limit := now.Add(-p.options.MaxAge)
	if p.oldest.After(limit) {
		return
	}
	p.oldest = now
	for _, s := range p.oldestFirst() {
		for !s.open.empty() && !s.open.first.at.After(limit) {
			p.flush(s)
		}
		if !s.open.empty() && s.open.first.at.Before(p.oldest) {
			p.oldest = s.open.first.at
		}
	}
}

// Flush closes all open batches, the oldest first, at the end of the input. From here on states
// come out in the order of the input, whatever their scopes.
func (p *Pipeline) Flush() {
	p.ledger.finish()
	for _, s := range p.oldestFirst() {
		for !s.open.empty() {
			p.flush(s)
		}
	}
}

// Results delivers the outcome of each batch, which goes to Settle.
func (p *Pipeline) Results() <-chan Result { return p.results }

// Settle records an outcome and releases the states that became due. The first error ends the
// sending of further batches.
func (p *Pipeline) Settle(r Result) {
	p.inFlight--
	if r.outcome.Err != nil {
		p.err = cmp.Or(p.err, r.outcome.Err)
		p.Stop()
		return
	}
	b := r.batch
	p.ledger.settle(b, r.outcome)
	if p.ordered(b) {
		b.Stream.order.leave(b, p.unblock)
	}
	p.reuse([]*Batch{b})
	p.dispatch()
}

// Stop ends the sending of further batches, after a failure. Those in flight still have a result,
// and a state that is due no longer waits for those before it in other scopes.
func (p *Pipeline) Stop() {
	p.stopped = true
	p.ledger.fail()
}

// Err is the first error of a batch.
func (p *Pipeline) Err() error { return p.err }

// InFlight is the number of batches being sent.
func (p *Pipeline) InFlight() int { return p.inFlight }

// Idle reports whether every row added is settled.
func (p *Pipeline) Idle() bool { return len(p.open) == 0 && p.waiting == 0 && p.inFlight == 0 }

// Close ends the senders and waits for them. Batches that are not in flight are not sent.
func (p *Pipeline) Close() {
	close(p.work)
	p.senders.Wait()
}
