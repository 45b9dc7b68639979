package snapshot

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// requireDistinctOrdinals fails if two entries share an ordinal, or one has an ordinal that is
// still to be given out.
func requireDistinctOrdinals(t *testing.T, stream *Stream) {
	t.Helper()
	taken := map[uint64]bool{}
	if err := stream.entries(func(key []byte, e entry) error {
		if taken[e.ordinal] || e.ordinal >= stream.next {
			t.Errorf("%s has the ordinal %d, which is taken or not given out", key, e.ordinal)
		}
		taken[e.ordinal] = true
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Deaths and rows that come and go use up ordinals. They are given out again, so that neither the
// bitmaps grow forever nor a small table is taken for a large one.
func TestOrdinalsAreTakenBack(t *testing.T) {
	n := 2000 // enough for an index
	if homeURL != "" {
		n = 500 // which has none, and is asked for each row
	}
	wasted := func(t *testing.T, dir string, change func(stream *Stream)) {
		store := open(t, dir, Options{})
		change(openStream(t, store, "users", 1))
		closeStore(t, store)
	}
	for name, spend := range map[string]func(t *testing.T, dir string){
		"by a key at the end": func(t *testing.T, dir string) {
			wasted(t, dir, func(stream *Stream) {
				stream.next = 10 * reserve
				deliver(t, stream, "far", `{}`, Added)
			})
		},
		"by a death": func(t *testing.T, dir string) {
			wasted(t, dir, func(stream *Stream) { stream.next = 10 * reserve })
		},
		"in a renumbering that died": func(t *testing.T, dir string) {
			wasted(t, dir, func(stream *Stream) { stream.meta.Renumbering = true })
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fillWithKeys(t, dir, n)
			spend(t, dir)
			store := open(t, dir, Options{})
			defer closeStore(t, store)
			stream := openStream(t, store, "users", 2)
			if keys := uint64(n); stream.next > keys+1 || stream.meta.Entries < keys { //nolint:gosec // n is positive
				t.Errorf("the next ordinal is %d, with %d entries", stream.next, stream.meta.Entries)
			}
			requireDistinctOrdinals(t, stream)
			for i := range n {
				diff(t, stream, fmt.Sprint(i), `{}`, Unchanged)
			}
			if stream.index == nil && homeURL == "" {
				t.Error("the index was not loaded")
			}
			if stream.Repeated() != 0 {
				t.Errorf("%d keys share an ordinal", stream.Repeated())
			}
		})
	}
}

// fillWithKeys makes a store of a stream with n keys.
func fillWithKeys(t *testing.T, dir string, n int) {
	t.Helper()
	store := open(t, dir, Options{})
	stream := openStream(t, store, "users", 1)
	var rows []Row
	for i := range n {
		_, v := diff(t, stream, fmt.Sprint(i), `{}`, Added)
		rows = append(rows, Row{Key: []byte(fmt.Sprint(i)), Version: v, Data: []byte(`{}`)})
	}
	settle(t, stream, rows...)
	closeStore(t, store)
}

// Renumbering in the middle of a generation keeps what it has seen, and which rows were there
// before it.
func TestRenumberedGenerationGoesOn(t *testing.T) {
	dir := t.TempDir()
	for _, sync := range []struct {
		generation int64
		keys       []string
		skip       uint64 // ordinals that are wasted first
	}{{1, []string{"a", "b", "c"}, 0}, {2, []string{"b", "z"}, 10 * reserve}} {
		store := open(t, dir, Options{})
		stream := openStream(t, store, "users", sync.generation)
		stream.next += sync.skip
		for _, key := range sync.keys {
			if change, m, err := stream.Diff([]byte(key), []byte(`{}`)); err != nil {
				t.Fatal(err)
			} else if change == Added {
				settle(t, stream, Row{Key: []byte(key), Version: m})
			}
		}
		closeStore(t, store)
	}
	store := open(t, dir, Options{})
	defer closeStore(t, store)
	stream := openStream(t, store, "users", 2)
	if stream.next != 4 {
		t.Errorf("the next ordinal is %d, want 4", stream.next)
	}
	left(t, stream, "a ", "c ")
	if _, before, err := stream.CountUnseen(); before != 3 || err != nil {
		t.Errorf("%d rows before this generation, %v; want 3", before, err)
	}
}

// A process that died while it renumbered leaves a bitmap that means nothing: nothing is removed by
// it. The next generation has seen nothing yet, and loses nothing.
func TestDeathInARenumbering(t *testing.T) {
	for _, generation := range []int64{1, 2} {
		dir := t.TempDir()
		store := open(t, dir, Options{})
		stream := openStream(t, store, "users", 1)
		deliver(t, stream, "a", `{}`, Added)
		deliver(t, stream, "gone", `{}`, Added)
		stream.meta.Renumbering = true
		if err := stream.storeMeta(pebble.Sync); err != nil {
			t.Fatal(err)
		}
		closeStore(t, store)
		store = open(t, dir, Options{})
		defer closeStore(t, store)
		stream = openStream(t, store, "users", generation)
		if stream.meta.Renumbering {
			t.Error("the entries are not renumbered")
		}
		deliver(t, stream, "b", `{}`, Added)
		diff(t, stream, "a", `{}`, Unchanged)
		if generation == 2 {
			left(t, stream, "gone ")
		} else if _, _, err := stream.CountUnseen(); !errors.Is(err, ErrGenerationIncomplete) {
			t.Errorf("the generation that died: %v", err)
		}
	}
}
