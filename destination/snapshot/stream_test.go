package snapshot

import (
	"bytes"
	"strings"
	"testing"
)

func TestAnotherPrimaryKeyDropsTheStream(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{KeepRows: true})
	deliver(t, openStream(t, store, "users", 1), "a", `{}`, Added)
	deliver(t, openStream(t, store, "other", 1), "a", `{}`, Added)
	closeStore(t, store)

	store = open(t, dir, Options{KeepRows: true})
	stream, err := store.Stream(t.Context(), Identity{Stream: "users", Key: [][]string{{"email"}}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if stream.Origin() != Rekeyed {
		t.Errorf("origin %v, want that the key is another", stream.Origin())
	}
	left(t, stream)
	diff(t, stream, "a", `{}`, Added)
	diff(t, openStream(t, store, "other", 2), "a", `{}`, Unchanged)
	closeStore(t, store)
}

// Another endpoint knows nothing of the rows, and what the old one was is nowhere to be read.
func TestAnotherEndpointDropsTheStream(t *testing.T) {
	dir := t.TempDir()
	id := Identity{Stream: "users", Title: "users", Endpoint: "https://a.example/hook?token=hunter2", Key: [][]string{{"id"}}}
	for generation, test := range []struct {
		endpoint string
		origin   Origin
		change   Change
	}{{id.Endpoint, Fresh, Added}, {id.Endpoint, Continued, Unchanged}, {"https://b.example/hook?token=hunter2", Moved, Added}} {
		store := open(t, dir, Options{KeepRows: true})
		id.Endpoint = test.endpoint
		stream, err := store.Stream(t.Context(), id, int64(generation+1))
		if err != nil {
			t.Fatal(err)
		}
		if stream.Origin() != test.origin {
			t.Errorf("sync %d has origin %v, want %v", generation+1, stream.Origin(), test.origin)
		}
		if _, m := diff(t, stream, "a", `{"secret":"of the first"}`, test.change); test.change == Added {
			settle(t, stream, Row{Key: []byte("a"), Version: m, Data: []byte(test.endpoint[:9])})
		}
		left(t, stream)
		closeStore(t, store)
		for name, content := range filesIn(t, dir) {
			if bytes.Contains(content, []byte("hunter2")) {
				t.Errorf("sync %d leaves the token in %s", generation+1, name)
			}
			if test.origin == Moved && bytes.Contains(content, []byte("https://a")) {
				t.Errorf("sync %d leaves a row of the old endpoint in %s", generation+1, name)
			}
		}
	}
}

// A batch none of whose rows has a key leaves no note, which would cost a write to the disk and one
// to the bucket.
func TestNoRowsNeedNoNote(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	defer closeStore(t, store)
	batch := begin(t, openStream(t, store, "users", 1))
	if none, err := store.empty([]byte{intentPrefix}, []byte{intentPrefix + 1}); !none || err != nil {
		t.Errorf("there is no note: %v, %v", none, err)
	}
	if err := batch.Confirm(); err != nil {
		t.Error(err)
	}
}

func TestErrorsNameTheStreamByItsTitle(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	defer closeStore(t, store)
	stream, err := store.Stream(t.Context(), Identity{Stream: `"public" "users"`, Title: "public.users", Endpoint: "hunter2"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, _, notJSON := stream.Diff([]byte("a"), []byte(`{`))
	diff(t, stream, "a", `{}`, Added)
	_, _, inFlight := stream.CountUnseen()
	stream.pending = map[string]*flight{} // asked, not sent
	_, twice := store.Stream(t.Context(), stream.id, 1)
	for _, err := range []error{notJSON, inFlight, twice} {
		if err == nil || !strings.Contains(err.Error(), "stream public.users:") {
			t.Errorf("%v does not name the stream", err)
		}
	}
}

func TestStreamsAreApart(t *testing.T) {
	store := open(t, t.TempDir(), Options{})
	defer closeStore(t, store)
	one, two := openStream(t, store, "one", 1), openStream(t, store, "two", 1)
	deliver(t, one, "a", `{}`, Added)
	deliver(t, two, "a", `{}`, Added)
	diff(t, one, "a", `{}`, Unchanged)
	if _, err := store.Stream(t.Context(), Identity{Stream: "one"}, 1); err == nil {
		t.Error("a stream is open twice")
	}
}
