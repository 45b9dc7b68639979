package batching

import "slices"

// The open rows of a keyed stream may grow to as many batches as there are partitions. When they
// close, and two of these batches share a key, partition parts all rows by the hash of their keys
// into as many batches as they need. So batches that close together share no key and may be in
// flight together, and batches of the next ones wait only for those with the same range of hashes.
// If rows were parted by their order alone, nearly every batch of updates to repeating keys would
// share one with each batch in flight, and wait for it. If no key repeats, as in a table that is
// read once, the batches stay as they are, and no row is copied a second time.
//
// The rows of a batch keep the order they came in. Which rows make a batch depends on nothing but
// the rows that close together and their hashes: not on the number of requests in flight, nor on
// earlier rows.

// maxParted bounds the open rows of a stream, as their indices share a word with the hash.
const maxParted = 1 << 20

// limits bound a batch in rows and in bytes of its body.
type limits struct{ rows, bytes int }

// allow reports whether a batch of this many rows and bytes is within the limits. A single row
// always is.
func (l *limits) allow(rows, bytes int) bool { return rows <= 1 || rows <= l.rows && bytes <= l.bytes }

// limits returns how large a batch of the stream may be.
func (o *Options) limits(s *Stream) limits {
	if s.MaxRows > 0 {
		return limits{min(s.MaxRows, o.MaxRows), o.MaxBytes}
	}
	return limits{o.MaxRows, o.MaxBytes}
}

// openLimits returns how far the open rows of a keyed stream may grow. These streams share half of
// the memory: with many of them none grows beyond one batch.
func (o *Options) openLimits(one limits, keyed int) limits {
	share := o.MaxBuffered / 2 / max(1, keyed)
	if o.Partitions <= 1 || share < 2*one.bytes {
		return one
	}
	return limits{max(one.rows, min(o.Partitions*one.rows, maxParted)), min(o.Partitions*one.bytes, share)}
}

// enough is how many batches show whether the keys of a stream repeat. If updates are spread evenly
// and two batches share a key with probability p, four batches show no repeat with probability
// (1-p)^6. That is likely only if p is small, and then most batches can be in flight together
// anyway.
const enough = 4

// repeat is whether a key is in two of the first batches of open rows, as many as are enough.
type repeat int8

const (
	unknown repeat = iota
	unique
	repeated
)

// fits reports whether a row of size bytes may be among the open rows of the stream, which has
// some.
func (p *Pipeline) fits(s *Stream, size int) bool {
	if s.open.withRoom(size, &s.one) != nil {
		return true
	}
	if !s.Keyed {
		return false
	}
	all := p.options.openLimits(s.one, p.keyed)
	return s.open.fits(size, &all) && !p.complete(s)
}

// complete reports whether the stream's open rows need not wait for more: they are enough batches,
// and no key is in two of them. If there is a state among them they wait for the next one all the
// same, and leave with it: to be cut at an earlier one, the rows after that would have to be
// copied.
func (p *Pipeline) complete(s *Stream) bool {
	o := &s.open
	if len(o.batches) < enough {
		return false
	}
	if o.repeat == unknown {
		o.repeat = unique
		if p.keySort.shareKeys(o.batches[:enough]) {
			o.repeat = repeated
		}
	}
	if o.repeat == repeated {
		return false
	}
	c := p.ledger.scopeOf(s)
	c.cutNext = true
	return c.before == 0
}

// closeComplete closes the batches among open rows that a cut has left which would have been closed
// by now if the input had begun with these.
func (p *Pipeline) closeComplete(s *Stream) {
	for len(s.open.batches) > enough && p.complete(s) {
		batches := s.open.batches
		p.keep(s, batches[enough:], s.open.first)
		p.queue(batches[:enough])
	}
}

// partition returns the batches that take the place of closing ones, whose rows came one after the
// other: these themselves, if they share no key.
func (p *Pipeline) partition(s *Stream, batches []*Batch) []*Batch {
	if !p.keySort.shareKeys(batches) {
		return batches
	}
	p.keySort.sort(batches)
	var parts []*Batch
	for rest := p.keySort.sorted; len(rest) > 0; {
		rows, length := p.keySort.firstPart(rest, &s.Frame, &s.one)
		part := p.batch(s)
		part.grow(rows, length)
		for _, entry := range rest[:rows] {
			p.keySort.parts[entry%maxParted] = int32(len(parts))
		}
		parts = append(parts, part)
		rest = rest[rows:]
	}
	p.distribute(batches, parts)
	return parts
}

// distribute copies each row, in the order they came, into the part that it belongs to.
func (p *Pipeline) distribute(batches, parts []*Batch) {
	partOf := p.keySort.parts
	for _, b := range batches {
		for r, states := range b.from(0) {
			parts[partOf[0]].add(r, states)
			partOf = partOf[1:]
		}
	}
	p.reuse(batches)
}

// grow makes room for this many rows in a body of that length.
func (b *Batch) grow(rows, length int) {
	b.Body = slices.Grow(b.Body, length-len(b.Body))
	b.ends = slices.Grow(b.ends, rows)
	b.keys = slices.Grow(b.keys, rows)
	b.operations = slices.Grow(b.operations, rows)
}
