package limits

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// Keyed streams are collected for several batches, and their keys are remembered until they are
// settled: that takes no more than the formula of docs/reliability.md says, for one stream, for
// some, and for so many that none gets a whole batch.
func TestMemoryOfKeyedStreams(t *testing.T) {
	const rows = 100_000
	for _, streams := range []int{1, 100, 10_000} {
		t.Run(fmt.Sprint(streams), func(t *testing.T) {
			url, totals := listen(t)
			// The other settings are their defaults, which keyedFormula has. The rows have several times
			// the bytes that may be buffered.
			config := fmt.Sprintf(`{"url":%q,"batching":{"max_rows":100000,"max_buffered_bytes":%d}}`, url, keyedBuffer)
			o := syncWith(t, config, keyedCatalogOf(streams), func(w io.Writer) { updates(w, rows, streams) })
			o.rows = totals()
			o.want(t, rows, keyedFormula(streams))
		})
	}
}

// keyedBuffer is what the streams may buffer together, in bytes.
const keyedBuffer = 16 * mebibyte

// keyedFormula is the formula of docs/reliability.md for keyed streams, by default but for the buffer.
func keyedFormula(streams int) int {
	const maxBytes, requests, partitions, maxBuffered = 1_000_000, 8, 16, keyedBuffer
	return 64*mebibyte + 2*maxBytes*(2*requests+1) + min(4*maxBytes*partitions*streams, 2*maxBuffered) + 3*streams<<10
}

func keyedCatalogOf(streams int) string {
	return strings.ReplaceAll(catalogOf(streams), `"append"`, `"append_dedup","primary_key":[["id"]]`)
}

// updates writes rows of streams in turn, each key of which comes several times.
func updates(w io.Writer, rows, streams int) {
	text := strings.Repeat("x", 1000)
	for i := range rows {
		key := i / streams % max(2, rows/streams/5) * 7919
		if err := record(w, i%streams, key, text); err != nil {
			return
		}
	}
}
