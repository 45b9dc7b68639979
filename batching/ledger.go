package batching

import "destination-webhook/protocol"

// scope is what states of one kind speak for: the rows of a stream, or all rows. It knows which of
// its rows are settled and which states wait for them.
//
// Its rows, in the order they came, are cut into segments. A segment ends at a state where the
// scope was cut: every batch lies within one segment, so counting a segment's unsettled rows is
// enough. All states of a segment are released together, once it and all segments before it are
// settled; the rows of one that is released are never sent again by a sync that resumes there.
type scope struct {
	stream   *Stream    // nil for the scope of all rows
	segments []*segment // in order; the last one is still growing
	states   int64      // seen so far

	// Rows in open batches, split at the last state.
	before, after int

	cutNext bool // at the next state, see Pipeline.complete
}

type segment struct {
	pending int // rows in closed batches that are not settled
	sealed  bool
	states  []heldState
	tallies []tally
	within  *segment // of the scope of all rows, which waits for this one too; see ledger.mergeScopes
}

// heldState is a state whose rows are not all settled.
type heldState struct {
	protocol.State
	stream   *Stream            // nil for a GLOBAL or LEGACY state
	ordinal  int64              // how many states the scope had seen, this one included
	sequence int64              // how many states the ledger had seen, this one included
	records  int64              // since the previous state
	skipped  protocol.RowCounts // of them
}

// tally is what became of rows that came after the scope had seen this many states.
type tally struct {
	stream   *Stream
	states   int64
	rejected int64
	stats    protocol.AdditionalStats
}

// Emit receives a state that is due: records were delivered and rejected were refused since the
// previous one.
type Emit func(s *protocol.State, records, rejected int64)

// ledger holds the scopes of a sync. It is a plain data structure: batches tell it what was opened,
// closed and settled, and it calls Emit for the states that became due.
type ledger struct {
	emit    Emit
	all     *scope // nil as long as no GLOBAL or LEGACY state came
	streams []*Stream
	records int64              // of all streams since the last GLOBAL or LEGACY state
	skipped protocol.RowCounts // of them
	states  int64              // seen so far
	held    int                // bytes of held states
	waiting int                // states whose rows are not all settled
	newest  []dueState         // see due
	final   finalStates
	failed  bool // no state waits for one of another scope any more
}

func newScope(s *Stream) *scope { return &scope{stream: s, segments: []*segment{{}}} }

func (c *scope) growing() *segment { return c.segments[len(c.segments)-1] }

// seal ends the growing segment at the last state. The rows before it are in closed batches by now.
func (c *scope) seal() {
	c.growing().sealed, c.cutNext = true, false
	c.segments = append(c.segments, &segment{})
}

// close records that a batch is closed whose rows all came before the last state, or all after it.
func (c *scope) close(b *Batch) {
	b.scope, b.segment = c, c.growing()
	b.segment.pending += b.Rows()
	if c.before > 0 {
		c.before -= b.Rows()
	} else {
		c.after -= b.Rows()
	}
}

// scopeOf is the scope that the rows of s are in; nil: that of all rows.
func (l *ledger) scopeOf(s *Stream) *scope {
	if l.all != nil || s == nil {
		return l.all
	}
	return s.scope
}

// count records a record.
func (l *ledger) count(s *Stream) {
	s.records++
	l.records++
}

// skip records that a record which was counted needs no delivery.
func (l *ledger) skip(s *Stream, o protocol.Operation) {
	s.skipped[o]++
	l.skipped[o]++
}

// state records a state of stream s, or, if s is nil, of all streams.
func (l *ledger) state(st protocol.State, s *Stream) {
	l.emitNewest()
	l.states++
	l.waiting++
	h, c := heldState{State: st, stream: s, sequence: l.states}, l.all
	if s != nil {
		c = l.scopeOf(s)
		h.records, h.skipped = s.records, s.skipped
		s.records, s.skipped = 0, protocol.RowCounts{}
	} else {
		h.records, h.skipped = l.records, l.skipped
		l.records, l.skipped = 0, protocol.RowCounts{}
	}
	c.states++
	c.before, c.after = c.before+c.after, 0
	h.ordinal = c.states
	l.held += st.Size()
	if l.final.held != nil {
		l.final.held = append(l.final.held, h.sequence)
	}
	g := c.growing()
	g.states = append(g.states, h)
	if c.before == 0 { // all rows before it are in closed batches
		c.seal()
		l.release(c)
	}
}

// mergeScopes makes one scope of all rows, for the first GLOBAL or LEGACY state of a sync. From
// here on every state, including one of a stream, waits for all rows before it. The segments of the
// streams' own scopes live on until they are settled; no open row may lie before a state in any of
// them.
func (l *ledger) mergeScopes() {
	l.all = newScope(nil)
	first := l.all.growing()
	for _, s := range l.streams {
		for _, g := range s.scope.segments {
			first.pending += g.pending
			g.within = first
		}
		// No state of the stream's own speaks for the rows of its last segment any more.
		for _, t := range s.scope.growing().tallies {
			t.states = 0
			first.count(t)
		}
		l.all.after += s.scope.after
		l.all.cutNext = l.all.cutNext || s.scope.cutNext
	}
}

// settle records what became of a batch whose rows are all settled. Its numbers are told with the
// first state after its last row, each rejected row with the first state after the row.
func (l *ledger) settle(b *Batch, o Outcome) {
	g, states := b.segment, b.statesBefore
	if g.within != nil && !g.sealed {
		g, states = g.within, func(int) int64 { return 0 }
	}
	for _, row := range o.Rejected {
		g.count(tally{stream: b.Stream, states: states(row), rejected: 1})
	}
	if o.Stats != (protocol.AdditionalStats{}) {
		g.count(tally{stream: b.Stream, states: states(b.Rows() - 1), stats: o.Stats})
	}
	for g := b.segment; g != nil; g = g.within {
		g.pending -= b.Rows()
	}
	l.release(b.scope)
	if l.all != nil && l.all != b.scope {
		l.release(l.all)
	}
}

func (g *segment) count(t tally) {
	for i := range g.tallies {
		if known := &g.tallies[i]; known.stream == t.stream && known.states == t.states {
			known.rejected += t.rejected
			known.stats.Add(t.stats)
			return
		}
	}
	g.tallies = append(g.tallies, t)
}

// release emits the states that became due.
func (l *ledger) release(c *scope) {
	for c.segments[0].sealed && c.segments[0].pending == 0 {
		g := c.segments[0]
		c.segments[0] = nil // its states may be large
		c.segments = c.segments[1:]
		due := make([]dueState, len(g.states))
		for i := range g.states {
			h := &g.states[i]
			t := g.take(h)
			t.stats.Skipped.Add(h.skipped)
			h.Additional = &t.stats
			due[i] = dueState{*h, t.rejected, g.states[len(g.states)-1].sequence}
		}
		l.waiting -= len(due)
		l.due(due)
		// Rows that no state of the segment speaks for wait for the next one that does.
		c.segments[0].tallies = append(g.tallies, c.segments[0].tallies...)
	}
	if l.waiting == 0 {
		l.emitNewest()
	}
}

// due emits the states of a segment, or, at the end of the input, those whose turn it is by now.
// The newest state of all, which may be the last one of the input, waits for those before it, until
// another one comes: the last state in is to be the last one out.
func (l *ledger) due(states []dueState) {
	switch {
	case l.final.held != nil:
		for _, s := range states {
			l.emitAll(l.final.add(s)...)
		}
	case len(states) > 0 && states[len(states)-1].sequence == l.states && l.waiting > 0 && !l.failed:
		l.newest = states
	default:
		l.emitAll(states...)
	}
}

// emitNewest emits the newest state, if it is due and was held back.
func (l *ledger) emitNewest() {
	states := l.newest
	l.newest = nil
	l.emitAll(states...)
}

func (l *ledger) emitAll(states ...dueState) {
	for i := range states {
		s := &states[i]
		l.held -= s.Size()
		l.emit(&s.State, s.records-s.rejected, s.rejected)
	}
}

// finish notes the end of the input: the states that are held come out in its order.
func (l *ledger) finish() {
	if l.final.held != nil {
		return
	}
	scopes := make([]*scope, 0, len(l.streams)+1)
	for _, s := range l.streams {
		scopes = append(scopes, s.scope)
	}
	if l.all != nil {
		scopes = append(scopes, l.all)
	}
	l.final.hold(scopes, l.newest)
	l.newest = nil
}

// fail notes that some rows will never be settled: a state that is due waits for none of another
// scope any more.
func (l *ledger) fail() {
	l.failed = true
	l.emitAll(l.final.release()...)
	l.emitNewest()
}

// take takes out what became of the rows that state h is the first to speak for.
func (g *segment) take(h *heldState) (sum tally) {
	rest := g.tallies[:0]
	for _, t := range g.tallies {
		if t.states < h.ordinal && (h.stream == nil || h.stream == t.stream) {
			sum.rejected += t.rejected
			sum.stats.Add(t.stats)
		} else {
			rest = append(rest, t)
		}
	}
	g.tallies = rest
	return sum
}
