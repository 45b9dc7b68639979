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
	settle(t, stream, mark(unknown), mark(back))
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
