package batching

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"destination-webhook/destination/racetest"
)

// Which rows make a batch is part of its Webhook-Id: however fast they are parted, it is by the
// order of their hashes, as many in each batch as fit, and no key in two of them that fits one. If
// no two batches share a key before, they stay as they are.
func TestRowsArePartedByTheOrderOfTheirHashes(t *testing.T) {
	parted, seeds := 0, racetest.Runs(200)
	for seed := range seeds {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		p := &Pipeline{options: Options{MaxRows: 1 + r.IntN(50), MaxBytes: 300 + r.IntN(1000), MaxBuffered: 64 << 20, Partitions: 16}}
		s := &Stream{Frame: testFrame, Keyed: true}
		s.one = p.options.limits(s)
		keys := 1 + r.IntN(5000)
		keyOf := []func(row int) int{
			func(int) int { return r.IntN(keys) },
			func(row int) int { return row },
			func(row int) int { return row / p.options.MaxRows }, // repeats in one batch, if rows limit it
		}[seed%3]
		for i := range 1 + r.IntN(5000) {
			p.append(s, rowOf(event{id: i, key: keyOf(i)}), 0, arrival{})
		}
		want := partsOf(s.open.batches, &p.options)
		if len(want) != len(s.open.batches) || !slices.Equal(want[0], eventsOf(s.open.batches[0].Body)) {
			parted++
		}
		var got [][]int
		for _, part := range p.partition(s, s.open.batches) {
			part.Body = append(part.Body, testFrame.Suffix...)
			got = append(got, eventsOf(part.Body))
		}
		if !slices.EqualFunc(want, got, slices.Equal) {
			t.Fatalf("seed %d: the rows are parted into\n%v, want\n%v", seed, got, want)
		}
	}
	if parted < seeds/4 || parted > seeds*3/4 {
		t.Errorf("%d of %d are parted, want some of both kinds", parted, seeds)
	}
}

// partsOf returns the rows of each batch that batches are parted into.
func partsOf(batches []*Batch, o *Options) (parts [][]int) {
	var rows []int
	var keys []uint64
	in, shared := make(map[uint64]int), false
	for n, b := range batches {
		events := eventsOf(append(slices.Clone(b.Body), testFrame.Suffix...))
		parts, rows = append(parts, events), append(rows, events...)
		for i := range b.Rows() {
			before, found := in[b.Key(i)]
			shared = shared || found && before != n
			in[b.Key(i)] = n
			keys = append(keys, b.Key(i)/maxParted)
		}
	}
	if shared {
		return partedSlowly(rows, keys, o)
	}
	return parts
}

// partedSlowly returns the rows of each part, one row of one key after the other.
func partedSlowly(rows []int, hashes []uint64, o *Options) (parts [][]int) {
	slices.SortStableFunc(rows, func(x, y int) int { return cmp.Compare(hashes[x], hashes[y]) })
	for len(rows) > 0 {
		n, part := 0, &Batch{}
		part.reset(&Stream{Frame: testFrame})
		for n < len(rows) && n < o.MaxRows {
			if part.add(rowOf(event{id: rows[n]}), 0); n > 0 && part.length() > o.MaxBytes {
				break
			}
			n++
		}
		for whole := n; n < len(rows) && whole > 0; whole-- {
			if hashes[rows[whole-1]] != hashes[rows[whole]] {
				n = whole
				break
			}
		}
		parts = append(parts, slices.Sorted(slices.Values(rows[:n])))
		rows = rows[n:]
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
