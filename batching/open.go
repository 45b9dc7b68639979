package batching

import (
	"cmp"
	"slices"
	"time"
)

// openRows are the rows of a stream that are in no closed batch yet: in one batch, or, if the
// stream is keyed, in up to about as many as there are partitions. All but the last one are full.
type openRows struct {
	batches []*Batch
	first   arrival  // of the first row
	last    cutPoint // where the last run begins
	states  int64    // that their scope had seen when the last row came
	full    limits   // what all batches but the last one hold
	held    int      // bytes of memory
	repeat  repeat   // whether their keys do
}

// cutPoint is where a run begins.
type cutPoint struct {
	batch, row int
	first      arrival
}

// arrival is when a row came: its number among all rows, and the time.
type arrival struct {
	number int64
	at     time.Time
}

func (o *openRows) empty() bool { return len(o.batches) == 0 }

func (o *openRows) lastBatch() *Batch { return o.batches[len(o.batches)-1] }

// withRoom returns the last batch, if a row of size bytes stays within the limits of one; nil if it
// does not, or if there is none.
func (o *openRows) withRoom(size int, one *limits) *Batch {
	if o.empty() {
		return nil
	}
	if b := o.lastBatch(); b.fits(size, one) {
		return b
	}
	return nil
}

// fits reports whether a row of size bytes stays within the limits of all open rows.
func (o *openRows) fits(size int, l *limits) bool {
	b := o.lastBatch()
	bytes := b.length() + len(b.Stream.Frame.Separator) + size
	return l.allow(o.full.rows+b.Rows()+1, o.full.bytes+bytes)
}

// apart reports whether it is known that no key is in two of the batches.
func (o *openRows) apart() bool { return o.repeat == unique && len(o.batches) == enough }

// begin adds an empty batch.
func (o *openRows) begin(b *Batch) {
	if !o.empty() {
		o.fill(o.lastBatch())
	}
	o.batches = append(o.batches, b)
}

// fill counts a batch that is full.
func (o *openRows) fill(b *Batch) {
	o.full.rows += b.Rows()
	o.full.bytes += b.length()
}

// add copies a row into b, the last batch.
func (o *openRows) add(b *Batch, r *Row, states int64, came arrival) {
	first := len(o.batches) == 1 && b.Rows() == 0
	if first {
		o.first = came
	}
	if first || o.states != states {
		o.last, o.states = cutPoint{len(o.batches) - 1, b.Rows(), came}, states
	}
	b.add(r, states)
}

// forgetStates forgets the states between the rows, for a new scope that has seen none.
func (o *openRows) forgetStates() {
	for _, b := range o.batches {
		b.runs = append(b.runs[:0], segmentRun{})
	}
	o.states, o.last = 0, cutPoint{first: o.first}
}

// makeRoom returns a batch with room for a row of size bytes, the last one of the stream's open
// rows. It closes these first, if the row may not be among them.
func (p *Pipeline) makeRoom(s *Stream, size int, now time.Time) *Batch {
	for !s.open.empty() && !p.fits(s, size) {
		p.flush(s)
	}
	if s.open.empty() {
		p.begin(s, now)
	}
	return p.batchFor(s, size)
}

// batchFor returns the last batch of the stream's open rows, if it has room for a row of size bytes;
// else it begins another one.
func (p *Pipeline) batchFor(s *Stream, size int) *Batch {
	b := s.open.withRoom(size, &s.one)
	if b == nil {
		b = p.batch(s)
		s.open.begin(b)
	}
	return b
}

// append copies a row to the end of the stream's open rows.
func (p *Pipeline) append(s *Stream, r *Row, states int64, came arrival) {
	p.put(s, p.batchFor(s, r.size()), r, states, came)
}

// put copies a row into b, the last batch of the stream's open rows.
func (p *Pipeline) put(s *Stream, b *Batch, r *Row, states int64, came arrival) {
	s.open.add(b, r, states, came)
	more := b.accountMemory()
	s.open.held += more
	p.openBytes += more
}

// begin puts the stream among those with open rows.
func (p *Pipeline) begin(s *Stream, now time.Time) {
	s.one = p.options.limits(s)
	s.place = len(p.open)
	p.open = append(p.open, s)
	if p.oldest.IsZero() || now.Before(p.oldest) {
		p.oldest = now
	}
}

// end takes the stream, whose open rows are closing, from those with open rows.
func (p *Pipeline) end(s *Stream) {
	p.openBytes -= s.open.held
	s.open = openRows{}
	last := p.open[len(p.open)-1]
	last.place = s.place
	p.open[s.place] = last
	p.open = p.open[:len(p.open)-1]
}

// split takes the rows before the last run out of the stream's open rows, and returns them in
// batches.
func (p *Pipeline) split(s *Stream) []*Batch {
	o := s.open
	at := o.last
	after := o.batches[at.batch:]
	if at.row == 0 {
		p.keep(s, after, at.first)
		return o.batches[:at.batch]
	}
	p.openBytes -= o.held
	s.open = openRows{}
	first := at.row
	for _, b := range after {
		for r, states := range b.from(first) {
			p.append(s, r, states, at.first)
		}
		first = 0
	}
	after[0].truncate(at.row)
	p.reuse(after[1:])
	return o.batches[:at.batch+1]
}

// keep leaves only the batches of the last run, or some of them, open.
func (p *Pipeline) keep(s *Stream, batches []*Batch, first arrival) {
	p.openBytes -= s.open.held
	s.open = openRows{first: first, last: cutPoint{first: first}, states: s.open.states}
	for _, b := range batches {
		s.open.begin(b)
		s.open.held += b.held
	}
	p.openBytes += s.open.held
}

// oldestFirst returns the streams with open rows in the order in which the first of these came.
func (p *Pipeline) oldestFirst() []*Stream {
	return slices.SortedFunc(slices.Values(p.open), func(a, b *Stream) int {
		return cmp.Compare(a.open.first.number, b.open.first.number)
	})
}

// largestFirst returns the streams with open rows sorted by the memory that these hold.
func (p *Pipeline) largestFirst() []*Stream {
	return slices.SortedFunc(slices.Values(p.open), func(a, b *Stream) int { return b.open.held - a.open.held })
}
