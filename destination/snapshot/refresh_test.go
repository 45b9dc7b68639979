package snapshot

import (
	"errors"
	"testing"
)

// read is a sync in which a stream's keys are seen, and which ends well.
func read(t *testing.T, dir string, generation int64, restart bool, keys ...string) *Stream {
	t.Helper()
	stream := openStream(t, open(t, dir, Options{}), "users", generation)
	if restart {
		stream.Restart()
	}
	for _, key := range keys {
		change, m, err := stream.Diff([]byte(key), []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if change != Unchanged {
			settle(t, stream, Row{Key: []byte(key), Version: m})
		}
	}
	return stream
}

func TestFinishedGenerationCanBeRestarted(t *testing.T) {
	dir := t.TempDir()
	first := read(t, dir, 1, false, "a", "b", "c")
	first.Finish(true)
	closeStore(t, first.store)

	second := read(t, dir, 1, true, "a", "b")
	left(t, second, "c ")
	if second.Finished() {
		t.Error("the restarted generation is finished before its end")
	}
	if err := second.store.release(); err != nil { // it dies
		t.Fatal(err)
	}
	third := openStream(t, open(t, dir, Options{}), "users", 1)
	if third.Finished() {
		t.Error("the refresh that died passes for finished, and the next sync would begin another")
	}
	closeStore(t, third.store)
	third = read(t, dir, 1, false, "a")
	if _, _, err := third.CountUnseen(); !errors.Is(err, ErrGenerationIncomplete) {
		t.Errorf("after a sync that died: %v, want ErrGenerationIncomplete", err)
	}
	third.Finish(true)
	closeStore(t, third.store)

	fourth := read(t, dir, 1, true, "a")
	left(t, fourth, "b ", "c ")
	if kept, err := fourth.KeepsAny(); !kept || err != nil {
		t.Errorf("KeepsAny = %v, %v; want that a is kept", kept, err)
	}
	closeStore(t, fourth.store)
	fifth := read(t, dir, 2, false)
	if kept, err := fifth.KeepsAny(); kept || err != nil {
		t.Errorf("KeepsAny = %v, %v; want that all have left", kept, err)
	}
	closeStore(t, fifth.store)
}

func TestNewerGenerations(t *testing.T) {
	dir := t.TempDir()
	for _, sync := range []struct {
		generation              int64
		newer, finished, finish bool
	}{
		{1, false, false, true}, // the first that the snapshot knows
		{1, false, true, false},
		{2, true, false, false},
		{2, true, false, true}, // another attempt
		{2, true, true, false},
		{1, false, false, false},
		{0, false, false, true},
		{0, false, true, false},  // a constant one
		{3, false, false, false}, // nobody knows what came before
	} {
		stream := read(t, dir, sync.generation, false)
		if stream.Newer() != sync.newer || stream.Finished() != sync.finished {
			t.Errorf("newer %v, finished %v; want %+v", stream.Newer(), stream.Finished(), sync)
		}
		stream.Finish(sync.finish)
		closeStore(t, stream.store)
	}
}

func TestRemovalOfUnknownKeys(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	defer closeStore(t, store)
	stream := openStream(t, store, "users", 1)
	remove := func(key string, want Change) Version {
		t.Helper()
		change, m, err := stream.RemoveUnknown([]byte(key))
		if change != want || err != nil {
			t.Errorf("RemoveUnknown of %s = %v, %v; want %v", key, change, err, want)
		}
		return m
	}
	deliver(t, stream, "b", `{}`, Added)
	unknown := remove("a", Removed)
	remove("a", Unchanged) // it is in flight
	_, back := diff(t, stream, "a", `{}`, Added)
	settle(t, stream, confirmed(unknown), confirmed(back))
	if b := remove("b", Removed); b.ordinal == back.ordinal {
		t.Error("two keys share an ordinal, so that one counts as seen when the other is")
	}
}

// A stream that was never refreshed has the generation 0, as the platform says.
func TestFirstRefreshAfterGenerationZero(t *testing.T) {
	for _, known := range []bool{false, true} {
		dir := t.TempDir()
		stream := read(t, dir, 0, false)
		if known {
			stream.KnowGeneration()
		}
		stream.Finish(true)
		closeStore(t, stream.store)
		stream = read(t, dir, 1, false)
		if stream.Newer() != known || stream.Unclear() == known {
			t.Errorf("known %v: newer %v, unclear %v", known, stream.Newer(), stream.Unclear())
		}
		closeStore(t, stream.store)
	}
}

func TestARowInDoubtThatIsGoneIsRemoved(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{KeepRows: true})
	stream := openStream(t, store, "users", 1)
	_, m := diff(t, stream, "a", `{"v":1}`, Added)
	begin(t, stream, Row{Key: []byte("a"), Version: m, Data: []byte(`{"v":1}`)})
	closeStore(t, store)

	store = open(t, dir, Options{KeepRows: true})
	stream = openStream(t, store, "users", 2)
	left(t, stream, `a {"v":1}`)
	// The end of this one is not known either.
	begin(t, stream, Row{Key: []byte("a"), Version: Version{entry{digest: tombstone}}, Data: []byte(`{"deleted":true}`)})
	closeStore(t, store)

	store = open(t, dir, Options{KeepRows: true})
	defer closeStore(t, store)
	stream = openStream(t, store, "users", 3)
	left(t, stream, `a {"v":1}`)
	diff(t, stream, "a", `{"v":1}`, Added)
	diff(t, stream, "a", `{"v":1}`, Unchanged) // as the one in flight
	stream.pending = map[string]*flight{}      // asked, not sent
}

func TestGenerations(t *testing.T) {
	dir := t.TempDir()
	sync := func(generation int64, keys ...string) *Stream {
		t.Helper()
		store := open(t, dir, Options{})
		t.Cleanup(func() { _ = store.release() })
		stream := openStream(t, store, "users", generation)
		for _, key := range keys {
			if change, m, err := stream.Diff([]byte(key), []byte(`{}`)); err != nil {
				t.Fatal(err)
			} else if change != Unchanged {
				settle(t, stream, Row{Key: []byte(key), Version: m})
			}
		}
		return stream
	}
	closeStore(t, sync(1, "a", "b", "c").store)
	closeStore(t, sync(2, "a").store)
	second := sync(2, "d") // another attempt of the same refresh
	left(t, second, "b ", "c ")
	if got, before, err := second.CountUnseen(); got != 2 || before != 3 || err != nil {
		t.Errorf("CountUnseen = %d of %d, %v; want 2 of the 3 before this generation", got, before, err)
	}
	closeStore(t, second.store)
	third := sync(3, "b")
	left(t, third, "a ", "c ", "d ")
	if err := third.store.release(); err != nil { // it dies
		t.Fatal(err)
	}
	again := sync(3, "a", "c", "d")
	if _, _, err := again.CountUnseen(); !errors.Is(err, ErrGenerationIncomplete) {
		t.Errorf("after an attempt that died: %v, want ErrGenerationIncomplete: b was seen, but nobody knows", err)
	}
	closeStore(t, again.store)
	if _, _, err := sync(3).CountUnseen(); !errors.Is(err, ErrGenerationIncomplete) {
		t.Errorf("one attempt later: %v, want ErrGenerationIncomplete", err)
	}
}

// A generation of 0 is all that some drivers give: what an attempt that did not end well has seen
// counts, until one ends well.
func TestUnknownGenerationIsAConstantOne(t *testing.T) {
	dir := t.TempDir()
	sync := func(well bool, keys []string, unseen ...string) {
		t.Helper()
		stream := openStream(t, open(t, dir, Options{}), "users", 0)
		if stream.Finished() {
			stream.Restart()
		}
		for _, key := range keys {
			if change, v, err := stream.Diff([]byte(key), []byte(`{}`)); err != nil {
				t.Fatal(err)
			} else if change != Unchanged {
				settle(t, stream, Row{Key: []byte(key), Version: v})
			}
		}
		left(t, stream, unseen...)
		if well {
			stream.Finish(true)
		}
		closeStore(t, stream.store)
	}
	sync(true, []string{"a", "b", "c"})
	sync(false, []string{"a"}, "b ", "c ")
	sync(true, []string{"b"}, "c ") // it resumed behind a
	sync(true, []string{"c"}, "a ", "b ")
}

func TestNothingLeavesWhileRowsAreInFlight(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	defer closeStore(t, store)
	stream := openStream(t, store, "users", 1)
	_, m := diff(t, stream, "a", `{}`, Added)
	if _, _, err := stream.CountUnseen(); !errors.Is(err, errInFlight) {
		t.Errorf("CountUnseen = %v", err)
	}
	for _, err := range stream.Unseen() {
		if !errors.Is(err, errInFlight) {
			t.Errorf("Unseen = %v", err)
		}
	}
	settle(t, stream, confirmed(m))
	left(t, stream)
}

// A sync of single rows between two attempts of a refresh neither ends it nor begins another: what
// the first attempt saw has not left.
func TestKeptGenerationGoesOn(t *testing.T) {
	dir := t.TempDir()
	before := read(t, dir, 1, false, "a", "b", "c")
	before.Finish(true)
	closeStore(t, before.store)
	closeStore(t, read(t, dir, 2, false, "a").store) // the source broke off

	between := openStream(t, open(t, dir, Options{KeepGenerations: true}), "users", 7)
	deliver(t, between, "d", `{}`, Added)
	closeStore(t, between.store)

	resumed := read(t, dir, 2, false, "b")
	left(t, resumed, "c ")
	closeStore(t, resumed.store)
}

// The content of a key is the same until something else of it is confirmed.
func TestContent(t *testing.T) {
	stream := openStream(t, open(t, t.TempDir(), Options{}), "users", 1)
	content := func() string {
		t.Helper()
		text, certain, err := stream.AppendContent(nil, []byte("a"))
		if err != nil || !certain {
			t.Fatalf("certain %t, %v", certain, err)
		}
		return string(text)
	}
	if got := content(); got != string(Nothing.AppendContent(nil)) {
		t.Errorf("of a key that the endpoint does not have: %x", got)
	}
	deliver(t, stream, "a", `{"v":0}`, Added)
	want := content()
	_, refused, err := stream.Diff([]byte("a"), []byte(`{"v":1}`))
	if err != nil {
		t.Fatal(err)
	}
	settle(t, stream, Row{Key: []byte("a"), Version: refused, Rejected: true})
	if got := content(); got != want {
		t.Errorf("after a row was refused: %x, before: %x", got, want)
	}
	_, changed, err := stream.Diff([]byte("a"), []byte(`{"v":2}`))
	if err != nil {
		t.Fatal(err)
	}
	settle(t, stream, Row{Key: []byte("a"), Version: changed})
	if got := content(); got == want || got != string(changed.AppendContent(nil)) {
		t.Errorf("after another row was confirmed: %x, before: %x", got, want)
	}
	closeStore(t, stream.store)
}
