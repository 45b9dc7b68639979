package batching

import "slices"

// A keyed stream's open batch may grow to as many batches as there are partitions. When it closes, partition parts its rows
// by the hash of their keys into as many batches as they need, so that these share no key and may be in flight together,
// and batches of the next one wait only for those with the same range of hashes. Were rows parted by their order alone,
// nearly every batch of updates to repeating keys would share one with each batch in flight, and wait for it.
//
// The rows of a batch keep the order they came in. Which rows make a batch depends on nothing but the rows that were parted
// together and their hashes: not on the number of requests in flight, nor on earlier rows.

// maxParted bounds the rows of one open batch, as their indices share a word with the hash.
const maxParted = 1 << 20

// limits bound a batch in rows and in bytes of its body.
type limits struct{ rows, bytes int }

// allow reports whether a batch of so many rows and bytes is within the limits. A single row always
// is.
func (l *limits) allow(rows, bytes int) bool { return rows <= 1 || rows <= l.rows && bytes <= l.bytes }

// limits returns how large a batch of the stream may be.
func (o *Options) limits(s *Stream) limits {
	if s.MaxRows > 0 {
		return limits{min(s.MaxRows, o.MaxRows), o.MaxBytes}
	}
	return limits{o.MaxRows, o.MaxBytes}
}

// openLimits returns how far an open batch of a keyed stream may grow. These streams share half of
// the memory: with many of them none grows beyond one batch.
func (o *Options) openLimits(s *Stream, keyed int) limits {
	one, share := o.limits(s), o.MaxBuffered/2/max(1, keyed)
	if o.Partitions <= 1 || share < 2*one.bytes {
		return one
	}
	return limits{max(one.rows, min(o.Partitions*one.rows, maxParted)), min(o.Partitions*one.bytes, share)}
}

// partition returns the batches that take the place of a closing one: itself, if it is within the
// limits of a batch and does not hold the memory of several.
func (p *Pipeline) partition(b *Batch) []*Batch {
	o := &p.options
	one := o.limits(b.Stream)
	if !b.Stream.Keyed || one.allow(b.Rows(), b.length()) && cap(b.Body) <= 2*max(len(b.Body), o.MaxBytes) {
		return []*Batch{b}
	}
	p.parting.sort(b.keys)
	var parts []*Batch
	for rest := p.parting.sorted; len(rest) > 0; {
		rows, length := b.firstPart(rest, &one)
		part := p.batch(b.Stream, b.first)
		part.grow(rows, length)
		for _, entry := range rest[:rows] {
			p.parting.parts[entry%maxParted] = int32(len(parts))
		}
		parts = append(parts, part)
		rest = rest[rows:]
	}
	b.distribute(parts, p.parting.parts)
	if len(p.grown) < maxGrown {
		p.grown = append(p.grown, b)
	}
	return parts
}

// maxGrown is how many batches that were parted are kept for their memory.
const maxGrown = 1

// firstPart returns how many of the sorted rows go into one batch, and the length of its body: as
// many as fit, but no key is parted that could be whole.
func (b *Batch) firstPart(sorted []uint64, l *limits) (rows, length int) {
	f := &b.Stream.Frame
	length = len(f.Prefix) + len(f.Suffix)
	whole, wholeLength := 0, 0 // at the last row whose key is another one than that of the row after it
	for ; rows < len(sorted); rows++ {
		if rows > 0 && sorted[rows-1]/maxParted != sorted[rows]/maxParted {
			whole, wholeLength = rows, length
		}
		more := len(b.Row(int(sorted[rows] % maxParted)))
		if rows > 0 {
			more += len(f.Separator)
		}
		if !l.allow(rows+1, length+more) {
			if whole == 0 {
				return rows, length // one key fills the batch
			}
			return whole, wholeLength
		}
		length += more
	}
	return rows, length
}

// distribute copies each row, in the order they came, into the part that it belongs to. The parts
// are empty.
func (b *Batch) distribute(parts []*Batch, partOf []int32) {
	r, run, suppressed := Row{}, 0, b.suppressed
	for row, key := range b.keys {
		if run+1 < len(b.runs) && b.runs[run+1].row <= int32(row) {
			run++
		}
		r.Data, r.Key, r.Suppressed = b.Row(row), key, len(suppressed) > 0 && suppressed[0] == row
		if r.Suppressed {
			suppressed = suppressed[1:]
		}
		if len(b.metadataEnds) > 0 {
			r.Metadata = b.Metadata(row)
		}
		parts[partOf[row]].add(&r, b.runs[run].states, b.first)
	}
}

// grow makes room for so many rows in a body of that length.
func (b *Batch) grow(rows, length int) {
	b.Body = slices.Grow(b.Body, length-len(b.Body))
	b.ends = slices.Grow(b.ends, rows)
	b.keys = slices.Grow(b.keys, rows)
}

// leadingBits of a hash choose the bucket of its row: few rows are left to sort in each.
const leadingBits = 12

// parting is the memory that it takes to part a batch.
type parting struct {
	sorted []uint64 // the rows by their hashes, see sort
	parts  []int32  // of each row
	ends   [1 << leadingBits]int32
}

// sort sorts rows by the hashes of their keys, and those of one key in the order they came: each is
// the leading bits of its hash and the row.
func (p *parting) sort(keys []uint64) {
	p.sorted = slices.Grow(p.sorted[:0], len(keys))[:len(keys)]
	p.parts = slices.Grow(p.parts[:0], len(keys))[:len(keys)]
	clear(p.ends[:])
	for _, key := range keys {
		p.ends[key>>(64-leadingBits)]++
	}
	end := int32(0)
	for i, rows := range p.ends {
		p.ends[i] = end // where the bucket begins: placing its rows moves that to its end
		end += rows
	}
	for row, key := range keys {
		next := &p.ends[key>>(64-leadingBits)]
		p.sorted[*next] = key&^(maxParted-1) | uint64(row)
		*next++
	}
	begin := int32(0)
	for _, end := range p.ends {
		if end > begin+1 {
			slices.Sort(p.sorted[begin:end])
		}
		begin = end
	}
}
