package local

import (
	"bytes"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// Ranges parts the keys from one key to another into up to n ranges of about the same size, and
// returns their bounds. Each begins where a file does.
func (db *DB) Ranges(from, to []byte, n int) [][]byte {
	bounds := [][]byte{from}
	levels, err := db.SSTables(pebble.WithKeyRangeFilter(from, to))
	if err != nil { // reading in one reports what is wrong
		return append(bounds, to)
	}
	files := slices.Concat(levels...)
	slices.SortFunc(files, func(a, b pebble.SSTableInfo) int { return bytes.Compare(a.Smallest.UserKey, b.Smallest.UserKey) })
	size, before := uint64(0), uint64(0)
	for _, file := range files {
		size += file.Size
	}
	for _, file := range files {
		key := file.Smallest.UserKey
		if before*uint64(n) >= size*uint64(len(bounds)) && bytes.Compare(key, bounds[len(bounds)-1]) > 0 {
			bounds = append(bounds, key)
		}
		before += file.Size
	}
	return append(bounds, to)
}
