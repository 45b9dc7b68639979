package batching

import "slices"

// leadingBits of a hash choose the bucket of its row: few rows are left to sort in each.
const leadingBits = 12

// keySort is the memory that it takes to sort rows by the hashes of their keys and to share them out
// among batches.
type keySort struct {
	holders keyTable // the last batch that holds the key
	sorted  []uint64 // the rows by their hashes, see sort
	sizes   []int32  // of each row
	parts   []int32  // of each row
	ends    [1 << leadingBits]int32
}

// shareKeys reports whether two of the batches hold the same key.
func (s *keySort) shareKeys(batches []*Batch) bool {
	if len(batches) == 1 || !batches[0].Stream.Keyed {
		return false
	}
	s.holders.reset(countRows(batches) / 2)
	for i, b := range batches {
		number := uint32(i + 1)
		for _, key := range b.keys {
			if key == 0 {
				continue
			}
			if before := s.holders.replace(key, number); before != 0 && before != number {
				return true
			}
		}
	}
	return false
}

func countRows(batches []*Batch) (rows int) {
	for _, b := range batches {
		rows += b.Rows()
	}
	return rows
}

// sort sorts the rows of the batches by the hashes of their keys, and those of one key in the order
// they came: each is the leading bits of its hash and its place among all rows.
func (s *keySort) sort(batches []*Batch) {
	rows := countRows(batches)
	s.sorted = slices.Grow(s.sorted[:0], rows)[:rows]
	s.sizes = slices.Grow(s.sizes[:0], rows)
	s.parts = slices.Grow(s.parts[:0], rows)[:rows]
	clear(s.ends[:])
	for _, b := range batches {
		for i, key := range b.keys {
			s.ends[key>>(64-leadingBits)]++
			s.sizes = append(s.sizes, int32(len(b.Row(i))))
		}
	}
	end := int32(0)
	for i, rows := range s.ends {
		s.ends[i] = end // where the bucket begins: placing its rows moves that to its end
		end += rows
	}
	row := uint64(0)
	for _, b := range batches {
		for _, key := range b.keys {
			next := &s.ends[key>>(64-leadingBits)]
			s.sorted[*next] = key&^(maxParted-1) | row
			*next++
			row++
		}
	}
	s.sortBuckets()
}

func (s *keySort) sortBuckets() {
	begin := int32(0)
	for _, end := range s.ends {
		if end > begin+1 {
			slices.Sort(s.sorted[begin:end])
		}
		begin = end
	}
}

// firstPart returns how many of the sorted rows go into one batch, and the length of its body: as
// many as fit, but no key is parted that could be whole.
func (s *keySort) firstPart(sorted []uint64, f *Frame, l *limits) (rows, length int) {
	length = len(f.Prefix) + len(f.Suffix)
	// At the last row whose key is another one than that of the row after it.
	whole, wholeLength := 0, 0
	for ; rows < len(sorted); rows++ {
		if rows > 0 && sorted[rows-1]/maxParted != sorted[rows]/maxParted {
			whole, wholeLength = rows, length
		}
		more := int(s.sizes[sorted[rows]%maxParted])
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
