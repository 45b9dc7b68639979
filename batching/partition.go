package batching

import "slices"

// A keyed stream's open batch may grow to as many batches as there are partitions. When it closes,
// partition parts its rows by the hash of their keys into as many batches as they need, so that
// these share no key and may be in flight together, and batches of the next one wait only for those
// with the same range of hashes. Were rows parted by their order alone, nearly every batch of
// updates to repeating keys would share one with each batch in flight, and wait for it.
//
// The rows of a batch keep the order they came in. Which rows make a batch depends on nothing but
// the rows that were parted together and their hashes: not on the number of requests in flight, nor
// on earlier rows.

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
	p.sorted = b.byKey(p.sorted[:0])
	var parts []*Batch
	for rest := p.sorted; len(rest) > 0; {
		n := b.firstPart(rest, o)
		part := p.batch(b.Stream, b.first)
		part.take(b, rest[:n])
		parts = append(parts, part)
		rest = rest[n:]
	}
	if len(p.grown) < maxGrown {
		p.grown = append(p.grown, b)
	}
	return parts
}

// maxGrown is how many batches that were parted are kept for their memory.
const maxGrown = 2

// byKey appends the rows of b in the order of their keys' hashes, and of one key in the order they
// came: each as the leading bits of the hash and the row.
func (b *Batch) byKey(dst []uint64) []uint64 {
	for row, key := range b.keys {
		dst = append(dst, key&^(maxParted-1)|uint64(row))
	}
	slices.Sort(dst)
	return dst
}

// firstPart returns how many of the sorted rows go into one batch: as many as fit, but no key is
// parted that could be whole.
func (b *Batch) firstPart(sorted []uint64, o *Options) int {
	n, length := 0, len(b.Stream.Frame.Prefix)+len(b.Stream.Frame.Suffix)
	for ; n < min(len(sorted), o.limits(b.Stream).rows); n++ {
		length += len(b.Row(int(sorted[n] % maxParted)))
		if n > 0 && length > o.MaxBytes {
			break
		}
		length += len(b.Stream.Frame.Separator)
	}
	if n == len(sorted) {
		return n
	}
	whole := n
	for whole > 0 && sorted[whole-1]/maxParted == sorted[n]/maxParted {
		whole--
	}
	if whole == 0 {
		return n // one key fills the batch
	}
	return whole
}

// take copies rows of another batch, in the order they came, into the empty batch.
func (b *Batch) take(from *Batch, sorted []uint64) {
	for i := range sorted {
		sorted[i] %= maxParted
	}
	slices.Sort(sorted)
	run, metadata := 0, len(from.metadataEnds) > 0
	for _, i := range sorted {
		row := int(i)
		for run+1 < len(from.runs) && from.runs[run+1].row <= int32(row) {
			run++
		}
		r := Row{Data: from.Row(row), Key: from.keys[row], Suppressed: from.isSuppressed(row)}
		if metadata {
			r.Metadata = from.Metadata(row)
		}
		b.add(&r, from.runs[run].states, from.first)
	}
}

// isSuppressed reports whether row i is not to be sent.
func (b *Batch) isSuppressed(i int) bool {
	_, found := slices.BinarySearch(b.suppressed, i)
	return found
}
