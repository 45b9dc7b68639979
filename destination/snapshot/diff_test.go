package snapshot

import (
	"bytes"
	"fmt"
	"testing"
)

func TestThreeSyncs(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{KeepRows: true})
	stream := openStream(t, store, "users", 1)
	if stream.Origin() != Fresh {
		t.Errorf("origin %v, want a fresh one", stream.Origin())
	}
	for key, row := range map[string]string{"1": `{"n":"a"}`, "2": `{"n":"b"}`, "3": `{"n":"c"}`} {
		deliver(t, stream, key, row, Added)
	}
	left(t, stream)
	closeStore(t, store)

	store = open(t, dir, Options{KeepRows: true})
	stream = openStream(t, store, "users", 2)
	if stream.Origin() != Continued {
		t.Errorf("origin %v, want that of the sync before", stream.Origin())
	}
	diff(t, stream, "1", `{"n":"\u0061"}`, Unchanged)
	deliver(t, stream, "2", `{"n":"B"}`, Changed)
	deliver(t, stream, "4", `{"n":"d"}`, Added)
	left(t, stream, `3 {"n":"c"}`)
	for row, err := range stream.Unseen() {
		if err != nil {
			t.Fatal(err)
		}
		settle(t, stream, row)
	}
	left(t, stream)
	closeStore(t, store)

	store = open(t, dir, Options{KeepRows: true})
	defer closeStore(t, store)
	stream = openStream(t, store, "users", 3)
	left(t, stream, `1 {"n":"a"}`, `2 {"n":"B"}`, `4 {"n":"d"}`)
	diff(t, stream, "3", `{"n":"c"}`, Added)
}

// versionOf returns one of the versions of a row.
func versionOf(n int) string { return fmt.Sprintf(`{"v":%d}`, n) }

// orders are orders in which versions are met and settled.
var orders = []struct {
	name string
	run  func(t *testing.T, stream *Stream)
	// then is what the next sync finds for the versions 0, 1 and 2.
	then [3]Change
}{
	{"the version in flight counts", func(t *testing.T, stream *Stream) {
		_, one := diff(t, stream, "a", versionOf(1), Changed)
		diff(t, stream, "a", versionOf(1), Unchanged)
		_, two := diff(t, stream, "a", versionOf(2), Changed)
		settle(t, stream, confirmed(one))
		diff(t, stream, "a", versionOf(2), Unchanged)
		settle(t, stream, confirmed(two))
	}, [3]Change{Changed, Changed, Unchanged}},
	{"back to the stored one", func(t *testing.T, stream *Stream) {
		_, one := diff(t, stream, "a", versionOf(1), Changed)
		_, zero := diff(t, stream, "a", versionOf(0), Changed)
		settle(t, stream, confirmed(one), confirmed(zero))
	}, [3]Change{Unchanged, Changed, Changed}},
	{"rejected", func(t *testing.T, stream *Stream) {
		_, one := diff(t, stream, "a", versionOf(1), Changed)
		settle(t, stream, rejected(one))
		diff(t, stream, "a", versionOf(0), Unchanged)
		_, one = diff(t, stream, "a", versionOf(1), Changed)
		settle(t, stream, rejected(one))
	}, [3]Change{Unchanged, Changed, Changed}},
	{"the first is rejected, the second delivered", func(t *testing.T, stream *Stream) {
		_, one := diff(t, stream, "a", versionOf(1), Changed)
		_, two := diff(t, stream, "a", versionOf(2), Changed)
		settle(t, stream, rejected(one))
		diff(t, stream, "a", versionOf(2), Unchanged)
		settle(t, stream, confirmed(two))
	}, [3]Change{Changed, Changed, Unchanged}},
	{"the first is delivered, the second rejected", func(t *testing.T, stream *Stream) {
		_, one := diff(t, stream, "a", versionOf(1), Changed)
		_, two := diff(t, stream, "a", versionOf(2), Changed)
		settle(t, stream, confirmed(one), rejected(two))
	}, [3]Change{Changed, Unchanged, Changed}},
	{"removed and back", func(t *testing.T, stream *Stream) {
		remove(t, stream, Removed)
		remove(t, stream, Unchanged)
		_, zero := diff(t, stream, "a", versionOf(0), Added)
		settle(t, stream, confirmed(zero))
	}, [3]Change{Unchanged, Changed, Changed}},
	{"removed", func(t *testing.T, stream *Stream) {
		settle(t, stream, confirmed(remove(t, stream, Removed)))
		remove(t, stream, Unchanged)
	}, [3]Change{Added, Added, Added}},
	{"removal rejected", func(t *testing.T, stream *Stream) {
		settle(t, stream, rejected(remove(t, stream, Removed)))
	}, [3]Change{Unchanged, Changed, Changed}},
	{"not sent, taken as if", func(t *testing.T, stream *Stream) {
		_, one := diff(t, stream, "a", versionOf(1), Changed)
		if err := stream.Commit([]Row{confirmed(one)}); err != nil {
			t.Fatal(err)
		}
	}, [3]Change{Changed, Unchanged, Changed}},
	{"begun, and its end is not known", func(t *testing.T, stream *Stream) {
		_, one := diff(t, stream, "a", versionOf(1), Changed)
		begin(t, stream, confirmed(one))
	}, [3]Change{Changed, Changed, Changed}},
	{"a removal is begun, and its end is not known", func(t *testing.T, stream *Stream) {
		begin(t, stream, confirmed(remove(t, stream, Removed)))
	}, [3]Change{Added, Added, Added}},
}

func TestOrderOfVersions(t *testing.T) {
	for _, test := range orders {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			store := open(t, dir, Options{})
			deliver(t, openStream(t, store, "users", 1), "a", versionOf(0), Added)
			closeStore(t, store)
			store = open(t, dir, Options{})
			test.run(t, openStream(t, store, "users", 2))
			closeStore(t, store)
			for n, want := range test.then {
				store := open(t, dir, Options{})
				diff(t, openStream(t, store, "users", 3), "a", versionOf(n), want)
				closeStore(t, store)
			}
		})
	}
}

// Rows that were kept once are not what a removal carries after a time in which they were not.
func TestRowsAreKeptAsLongAsThatIsOn(t *testing.T) {
	dir := t.TempDir()
	for generation, test := range []struct {
		keep bool
		row  string
		want Change
	}{{true, `{"v":"qZ7#Kp"}`, Added}, {false, `{"v":2}`, Changed}, {true, `{"v":2}`, Unchanged}} {
		store := open(t, dir, Options{KeepRows: test.keep})
		stream := openStream(t, store, "users", int64(generation+1))
		for _, key := range []string{"a", "b"} {
			if test.want == Unchanged {
				diff(t, stream, key, test.row, Unchanged)
			} else {
				deliver(t, stream, key, test.row, test.want)
			}
		}
		closeStore(t, store)
		stored := false
		for _, content := range filesIn(t, dir) {
			stored = stored || bytes.Contains(content, []byte(`qZ7#Kp`))
		}
		if want := generation == 0; stored != want {
			t.Errorf("after sync %d the folder has the first row %v, want %v", generation+1, stored, want)
		}
	}
	store := open(t, dir, Options{KeepRows: true})
	defer closeStore(t, store)
	stream := openStream(t, store, "users", 4)
	deliver(t, stream, "b", `{"v":3}`, Changed)
	left(t, stream, "a ")
}

func TestRepeatedKeysAreCounted(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	defer closeStore(t, store)
	stream := openStream(t, store, "users", 1)
	deliver(t, stream, "a", `{"v":1}`, Added)
	deliver(t, stream, "b", `{"v":1}`, Added)
	deliver(t, stream, "a", `{"v":2}`, Changed)
	diff(t, stream, "a", `{"v":2}`, Unchanged)
	if stream.Repeated() != 2 {
		t.Errorf("repeated %d, want 2", stream.Repeated())
	}
}

func TestLargeStream(t *testing.T) {
	// Large enough for the index to be loaded in mid-sync, and for several layers of the filter.
	n := 60_000
	if homeURL != "" { // which has neither, and is asked for each row
		n = 1_500
	}
	dir := t.TempDir()
	for generation, change := range []Change{Added, Unchanged, Changed} {
		store := open(t, dir, Options{})
		stream := openStream(t, store, "users", int64(generation+1))
		var rows []Row
		for i := range n {
			version := 0
			want := change
			if change == Changed {
				version = i % 2
				want = [...]Change{Unchanged, Changed}[version]
			}
			key := fmt.Sprintf("key-%d", i)
			_, m := diff(t, stream, key, fmt.Sprintf(`{"v":%d}`, version), want)
			if want != Unchanged {
				rows = append(rows, Row{Key: []byte(key), Version: m})
			}
			if i%1000 == 0 {
				settle(t, stream, rows...)
				rows = nil
			}
		}
		settle(t, stream, rows...)
		if change != Added && stream.index == nil && homeURL == "" {
			t.Error("the index was not loaded")
		}
		left(t, stream)
		if stream.Repeated() != 0 {
			t.Errorf("%d keys count as repeated", stream.Repeated())
		}
		// What this sync has sent is not what the index holds.
		diff(t, stream, fmt.Sprintf("key-%d", n-1), `{"v":0}`, [...]Change{Unchanged, Unchanged, Changed}[generation])
		if generation == 2 {
			stream.pending = map[string]*flight{} // that last row is never sent
		}
		closeStore(t, store)
	}
}
