package snapshot

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// keysOfFiles is how many keys of 2 kB a stream of several files has.
const keysOfFiles = 8000

// longKey is key number n, which nothing compresses.
func longKey(n int) string {
	key := make([]byte, 2000)
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(key)
	return string(key)
}

// openInFiles opens a store with a stream that has several files.
func openInFiles(t *testing.T) (*Store, *Stream) {
	t.Helper()
	dir := t.TempDir()
	store := open(t, dir, Options{})
	stream := openStream(t, store, "users", 1)
	var rows []Row
	for i := range keysOfFiles {
		_, v := diff(t, stream, longKey(i), `{}`, Added)
		rows = append(rows, Row{Key: []byte(longKey(i)), Version: v})
	}
	settle(t, stream, rows...)
	closeStore(t, store)
	store = open(t, dir, Options{})
	return store, openStream(t, store, "users", 2)
}

// The ranges in which an index is loaded are all of the stream, and each entry is in one of them.
func TestIndexIsLoadedInRanges(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	store, stream := openInFiles(t)
	defer closeStore(t, store)
	if one := stream.ranges(1); len(one) != 2 {
		t.Errorf("one range has %d bounds", len(one))
	}
	bounds := stream.ranges(4)
	if len(bounds) < 4 || !slices.IsSortedFunc(bounds, bytes.Compare) {
		t.Errorf("%d ranges, or they are out of order", len(bounds)-1)
	}
	diff(t, stream, longKey(7), `{}`, Unchanged)
	if err := stream.loadIndex(); err != nil {
		t.Fatal(err)
	}
	loaded := 0
	for i := range keysOfFiles {
		digest, err := stream.digester.Of([]byte(longKey(i)), []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, found := stream.index.Find(digest); found {
			loaded++
		}
	}
	if loaded != keysOfFiles-1 {
		t.Errorf("%d entries were loaded of %d that are not seen", loaded, keysOfFiles-1)
	}
	reads := stream.reads
	for i := range keysOfFiles {
		diff(t, stream, longKey(i), `{}`, Unchanged)
	}
	if stream.reads != reads+1 { // of the one that was seen
		t.Errorf("%d keys were read from the store", stream.reads-reads)
	}
}

// An entry that is malformed ends the loading, in whichever range it is.
func TestMalformedEntryWhileAnIndexIsLoaded(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	for _, key := range []string{"\x00", "\xff"} {
		store, stream := openInFiles(t)
		if err := store.set(appendKey(nil, entryPrefix, stream.meta.ID, []byte(key)), []byte("x"), pebble.NoSync); err != nil {
			t.Fatal(err)
		}
		if err := stream.loadIndex(); err == nil || !strings.Contains(err.Error(), "malformed") || stream.index != nil {
			t.Errorf("%q: %v", key, err)
		}
		closeStore(t, store)
	}
}
