package batching

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// Which rows make a batch is part of its Webhook-Id: however fast they are parted, it is by the
// order of their hashes, as many in each batch as fit, and no key in two of them that fits one.
func TestRowsArePartedByTheOrderOfTheirHashes(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 3))
		o := Options{MaxRows: 1 + r.IntN(50), MaxBytes: 300 + r.IntN(1000), MaxBuffered: 64 << 20, Partitions: 16}
		p := &Pipeline{options: o}
		b := &Batch{}
		b.reset(&Stream{Frame: testFrame, Keyed: true}, arrival{})
		hashes := make([]uint64, 1+r.IntN(5000))
		for i := range hashes {
			hashes[i] = r.Uint64()
		}
		for i := range 1 + r.IntN(5000) {
			row := rowOf(event{id: i})
			row.Key = hashes[r.IntN(len(hashes))]
			b.add(row, 0, arrival{})
		}
		var got [][]int
		for _, part := range p.partition(b) {
			part.Body = append(part.Body, testFrame.Suffix...)
			got = append(got, eventsOf(part.Body))
		}
		if want := partedSlowly(b, &o); !slices.EqualFunc(want, got, slices.Equal) {
			t.Fatalf("seed %d: the rows are parted into\n%v, want\n%v", seed, got, want)
		}
	}
}

// partedSlowly returns the rows of each part of a batch, one row of one key after the other.
func partedSlowly(b *Batch, o *Options) (parts [][]int) {
	sorted := make([]int, b.Rows())
	for i := range sorted {
		sorted[i] = i
	}
	hash := func(row int) uint64 { return b.keys[row] / maxParted }
	slices.SortStableFunc(sorted, func(x, y int) int { return cmp.Compare(hash(x), hash(y)) })
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && n < o.MaxRows && len(b.AppendBody(nil, sorted[:n+1])) <= o.MaxBytes {
			n++
		}
		for whole := n; n < len(sorted) && whole > 0; whole-- {
			if hash(sorted[whole-1]) != hash(sorted[whole]) {
				n = whole
				break
			}
		}
		parts = append(parts, slices.Sorted(slices.Values(sorted[:n])))
		sorted = sorted[n:]
	}
	return parts
}

// A key that is held by no batch in flight is free; the table forgets those of settled batches when
// it is full.
func TestKeyTableHoldsTheLastNumberOfEachKey(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	var table keyTable
	last := make(map[uint64]uint32)
	for number := range uint32(20_000) {
		if !table.hasRoom(1) {
			table.reset(1 + r.IntN(100))
			clear(last)
		}
		key := keyHash(r.IntN(300))
		if got := table.replace(key, number+1); got != last[key] {
			t.Fatalf("number %d replaces %d of key %#x, want %d", number+1, got, key, last[key])
		}
		last[key] = number + 1
	}
}
