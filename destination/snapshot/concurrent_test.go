package snapshot

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
)

// What a sync delivered whose save was refused is in doubt in the next one, though the sync that
// was first has saved and cleaned up meanwhile.
func TestRefusedSyncIsInDoubt(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	store := openRemote(t, b, t.TempDir())
	deliver(t, openStream(t, store, "users", 1), "k", `{"v":0}`, Added)
	closeStore(t, store)

	one, two := openRemote(t, b, t.TempDir()), openRemote(t, b, t.TempDir())
	first, second := openStream(t, one, "users", 2), openStream(t, two, "users", 2)
	deliver(t, second, "k", `{"v":1}`, Changed)
	deliver(t, second, "x", `{"v":1}`, Added)
	diff(t, first, "k", `{"v":0}`, Unchanged)
	closeStore(t, one)
	deliver(t, second, "y", `{"v":1}`, Added)
	if err := two.Close(t.Context()); !errors.Is(err, bucket.ErrConflict) {
		t.Errorf("the second close: %v", err)
	}
	objects(t, b, filesFolder, 0) // all are in the manifest

	for generation := range int64(2) { // as long as no snapshot contains it
		store = openRemote(t, b, t.TempDir())
		stream := openStream(t, store, "users", 3+generation)
		diff(t, stream, "k", `{"v":0}`, Changed)
		stream.pending = map[string]*flight{} // asked, not sent
		left(t, stream, "x ", "y ")
		die(t, store)
	}
	store = openRemote(t, b, t.TempDir())
	deliver(t, openStream(t, store, "users", 5), "k", `{"v":0}`, Changed)
	closeStore(t, store)
	objects(t, b, intentsFolder, 0)
	store = openRemote(t, b, t.TempDir())
	defer closeStore(t, store)
	diff(t, openStream(t, store, "users", 6), "k", `{"v":0}`, Unchanged)
}

// A sync goes on while another one saves that has taken in its first notes.
func TestLateNotesAreInDoubt(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	late := openRemote(t, b, t.TempDir())
	stream := openStream(t, late, "users", 1)
	deliver(t, stream, "a", `{}`, Added)
	store := openRemote(t, b, t.TempDir())
	deliver(t, openStream(t, store, "users", 1), "a", `{}`, Added)
	deliver(t, stream, "b", `{}`, Added)
	closeStore(t, store)
	die(t, late)
	store = openRemote(t, b, t.TempDir())
	defer closeStore(t, store)
	stream = openStream(t, store, "users", 2)
	diff(t, stream, "a", `{}`, Unchanged)
	left(t, stream, "b ")
}

// Notes that could not be removed, though a snapshot contains them, are not taken in again, and a
// later save removes them.
func TestContainedNotesAreOver(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	store := openRemote(t, b, t.TempDir())
	deliver(t, openStream(t, store, "users", 1), "a", `{}`, Added)
	notes, err := b.List(t.Context(), intentsFolder)
	if err != nil {
		t.Fatal(err)
	}
	stayed := map[string][]byte{}
	for _, note := range notes {
		var content bytes.Buffer
		if _, err := b.Fetch(t.Context(), note.Name, &content, note.Size); err != nil {
			t.Fatal(err)
		}
		stayed[note.Name] = content.Bytes()
	}
	closeStore(t, store)
	for name, content := range stayed {
		put(t, b, name, content)
	}
	for _, want := range []int{len(notes), 0} {
		objects(t, b, intentsFolder, want)
		store = openRemote(t, b, t.TempDir())
		diff(t, openStream(t, store, "users", 1), "a", `{}`, Unchanged)
		left(t, store.streams["users"])
		closeStore(t, store)
	}
}

// Two syncs of one snapshot die, and each gave its next ordinal to a key of its own.
func TestDeadSyncsShareNoOrdinal(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	one, two := openRemote(t, b, t.TempDir()), openRemote(t, b, t.TempDir())
	deliver(t, openStream(t, one, "users", 1), "x", `{}`, Added)
	deliver(t, openStream(t, two, "users", 1), "y", `{}`, Added)
	die(t, one)
	die(t, two)
	store := openRemote(t, b, t.TempDir())
	defer closeStore(t, store)
	stream := openStream(t, store, "users", 2)
	deliver(t, stream, "x", `{}`, Added)
	left(t, stream, "y ")
}

// A note of an old generation, found late, does not turn the snapshot back to it.
func TestOldNotesLeaveTheGenerationAlone(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	old := openRemote(t, b, t.TempDir())
	store := openRemote(t, b, t.TempDir())
	deliver(t, openStream(t, store, "users", 2), "a", `{}`, Added)
	closeStore(t, store)
	openStream(t, old, "users", 1)
	die(t, old)
	store = openRemote(t, b, t.TempDir())
	defer closeStore(t, store)
	left(t, openStream(t, store, "users", 2)) // a was seen in an attempt before
}

func TestNotesKeepRows(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	open := func() *Store {
		store, err := OpenRemote(t.Context(), b, t.TempDir(), Options{KeepRows: true})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	store := open()
	deliver(t, openStream(t, store, "users", 1), "a", `{"email":"a@example.com"}`, Added)
	die(t, store)
	store = open()
	defer closeStore(t, store)
	left(t, openStream(t, store, "users", 2), `a {"email":"a@example.com"}`)
}

// hook is a transport that calls before each request, and after its answer, which an error
// replaces.
type hook struct {
	http.Transport
	before func(r *http.Request)
	after  func(r *http.Request) error
}

func (h *hook) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.before != nil {
		h.before(r)
	}
	response, err := h.Transport.RoundTrip(r)
	if err != nil || h.after == nil {
		return response, err
	}
	if err := h.after(r); err != nil {
		return nil, errors.Join(err, response.Body.Close())
	}
	return response, nil
}

func hooked(t *testing.T, o bucket.Options, h *hook) *bucket.Bucket {
	t.Helper()
	t.Cleanup(h.CloseIdleConnections)
	o.Transport = h
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Between what an opening reads, another sync saves: data and notes that it was about to read are
// gone, or too few.
func TestSavedWhileItIsOpened(t *testing.T) {
	o := buckettest.Start(t)
	for name, at := range map[string]func(r *http.Request) bool{
		"before the files": func(r *http.Request) bool { return strings.Contains(r.URL.Path, filesFolder) },
		"before the list":  func(r *http.Request) bool { return r.URL.Query().Has("prefix") },
		"before the notes": func(r *http.Request) bool { return strings.Contains(r.URL.Path, intentsFolder) },
	} {
		t.Run(name, func(t *testing.T) {
			o.Prefix = strings.ReplaceAll(name, " ", "-") + "/"
			b := connect(t, o)
			store := openRemote(t, b, t.TempDir())
			store.remote.Inline = 0
			deliver(t, openStream(t, store, "users", 1), "saved", `{}`, Added)
			closeStore(t, store)
			store = openRemote(t, b, t.TempDir())
			store.remote.Inline = 0
			deliver(t, openStream(t, store, "users", 2), "noted", `{}`, Added)
			var saved atomic.Bool
			opened := openRemote(t, hooked(t, o, &hook{before: func(r *http.Request) {
				if at(r) && !saved.Swap(true) {
					for range keptManifests { // then nothing is left of what is being opened
						if err := store.Save(t.Context()); err != nil {
							t.Error(err)
						}
					}
					closeStore(t, store)
				}
			}}), t.TempDir())
			defer closeStore(t, opened)
			stream := openStream(t, opened, "users", 3)
			diff(t, stream, "noted", `{}`, Unchanged)
			left(t, stream, "saved ")
		})
	}
}

// A snapshot that is saved over and over cannot be opened, and that is said.
func TestSavedWheneverItIsOpened(t *testing.T) {
	o := buckettest.Start(t)
	other := openRemote(t, connect(t, o), t.TempDir())
	defer closeStore(t, other)
	b := hooked(t, o, &hook{before: func(r *http.Request) {
		if r.URL.Query().Has("prefix") {
			if err := other.Save(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}})
	if _, err := OpenRemote(t.Context(), b, t.TempDir(), Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("opened: %v", err)
	}
}

// A save whose answer is lost is this sync's own, and no conflict for the next one.
func TestSaveWhoseAnswerIsLost(t *testing.T) {
	o := buckettest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	var lost atomic.Bool
	b := hooked(t, o, &hook{after: func(r *http.Request) error {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, manifestName) && !lost.Swap(true) {
			cancel() // the client does not try again
			return ctx.Err()
		}
		return nil
	}})
	store := openRemote(t, b, t.TempDir())
	stream := openStream(t, store, "users", 1)
	deliver(t, stream, "a", `{}`, Added)
	if err := store.Save(ctx); err == nil || errors.Is(err, bucket.ErrConflict) {
		t.Fatalf("a save without an answer: %v", err)
	}
	deliver(t, stream, "b", `{}`, Added)
	closeStore(t, store)
	objects(t, b, filesFolder, 0) // all are in the manifest
	objects(t, b, intentsFolder, 0)
}

func objects(t *testing.T, b *bucket.Bucket, folder string, want int) {
	t.Helper()
	if found, err := b.List(t.Context(), folder); err != nil || len(found) != want {
		t.Errorf("%d objects in %s, want %d: %v, %v", len(found), folder, want, found, err)
	}
}
