package local

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// parts divides the keys of a database into ranges, and each table ends where its range does. The
// disk holds what a compaction reads until all that replaces it is written: it then reads one part,
// and not whatever overlaps.
//
// A part consists of neighbouring tables of the last level, which has nearly everything; in a new
// store it is one of the first tables that are flushed. It is divided when it has grown, and never
// joined to another while the database is open: tables that were written before would cross both.
type parts struct {
	db    atomic.Pointer[pebble.DB] // nil while it is being opened
	least uint64                    // size of a part of a small store, in bytes, about

	mu     sync.Mutex
	starts [][]byte // the keys with which parts begin, in their order
}

const (
	// partShare is how many times smaller than the store a part is, about. Each flush writes a
	// table for each part.
	partShare = 64
	// MinPart is the least that a part has, in bytes, about.
	MinPart = 2 << 20
)

// policy ends each table before the next part, and before the next kind of keys. The few keys that
// every sync writes are then in small tables of their own, and a compaction of those touches no
// entries and rows.
func (p *parts) policy(key []byte) (policy pebble.SpanPolicy, end []byte, err error) {
	if len(key) > 0 && key[0] < 0xff {
		end = []byte{key[0] + 1}
	}
	starts, err := p.update()
	i, found := slices.BinarySearchFunc(starts, key, bytes.Compare)
	if found {
		i++
	}
	if i < len(starts) && (end == nil || bytes.Compare(starts[i], end) < 0) {
		end = starts[i]
	}
	return policy, end, err
}

// update divides parts that have grown, and returns the keys with which parts begin.
func (p *parts) update() ([][]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	db := p.db.Load()
	if db == nil {
		return p.starts, nil
	}
	levels, err := db.SSTables()
	if err != nil {
		return nil, err
	}
	tables, least := levels[len(levels)-1], p.least
	// The first tables of a new store say how its keys are distributed, so each begins a part.
	if len(tables) == 0 && len(p.starts) == 0 {
		tables, least = levels[0], 0
		slices.SortFunc(tables, func(a, b pebble.SSTableInfo) int { return bytes.Compare(a.Smallest.UserKey, b.Smallest.UserKey) })
	}
	p.starts = divide(p.starts, tables, least)
	return p.starts, nil
}

// divide adds the starts of tables to those of parts, where a part would be too large. least is the
// size of a part in a small store.
func divide(old [][]byte, tables []pebble.SSTableInfo, least uint64) (starts [][]byte) {
	total, part := uint64(0), uint64(0)
	for _, table := range tables {
		total += table.Size
	}
	most := max(least, total/partShare) * 3 / 2
	for _, table := range tables {
		start := table.Smallest.UserKey
		for len(old) > 0 && bytes.Compare(old[0], start) <= 0 {
			starts, old, part = append(starts, old[0]), old[1:], 0
		}
		if part > 0 && part+table.Size > most && !begins(starts, start) {
			starts, part = append(starts, start), 0
		}
		part += table.Size
	}
	return append(starts, old...)
}

// begins reports whether the last part begins with a key. Tables that were flushed may share one.
func begins(starts [][]byte, key []byte) bool {
	return len(starts) > 0 && bytes.Equal(starts[len(starts)-1], key)
}

// each calls f for each part, with keys between which all of it is, and none of the next.
func (p *parts) each(f func(from, to []byte) error) error {
	starts, err := p.update()
	from := []byte{0}
	for _, start := range slices.Concat(starts, [][]byte{{0xff}}) {
		if to := before(start); err == nil && bytes.Compare(from, to) < 0 {
			err = f(from, to)
		}
		from = start
	}
	return err
}

// before returns a key below another one, above those that a database has there.
func before(key []byte) []byte {
	last := len(key) - 1
	if key[last] == 0 {
		return key[:last]
	}
	return append(append(bytes.Clone(key[:last]), key[last]-1), bytes.Repeat([]byte{0xff}, 16)...)
}
