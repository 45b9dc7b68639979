package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if stage := os.Getenv(stageVariable); stage != "" {
		childMain(stage)
	}
	if os.Getenv(leakVariable) != "" {
		os.Exit(m.Run())
	}
	goleak.VerifyTestMain(m)
}

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

func TestOrderOfVersions(t *testing.T) {
	v := func(n int) string { return fmt.Sprintf(`{"v":%d}`, n) }
	for _, test := range []struct {
		name string
		run  func(t *testing.T, stream *Stream)
		// then is what the next sync finds for the versions 0, 1 and 2.
		then [3]Change
	}{
		{"the version in flight counts", func(t *testing.T, stream *Stream) {
			_, one := diff(t, stream, "a", v(1), Changed)
			diff(t, stream, "a", v(1), Unchanged)
			_, two := diff(t, stream, "a", v(2), Changed)
			settle(t, stream, mark(one))
			diff(t, stream, "a", v(2), Unchanged)
			settle(t, stream, mark(two))
		}, [3]Change{Changed, Changed, Unchanged}},
		{"back to the stored one", func(t *testing.T, stream *Stream) {
			_, one := diff(t, stream, "a", v(1), Changed)
			_, zero := diff(t, stream, "a", v(0), Changed)
			settle(t, stream, mark(one), mark(zero))
		}, [3]Change{Unchanged, Changed, Changed}},
		{"rejected", func(t *testing.T, stream *Stream) {
			_, one := diff(t, stream, "a", v(1), Changed)
			settle(t, stream, rejected(one))
			diff(t, stream, "a", v(0), Unchanged)
			_, one = diff(t, stream, "a", v(1), Changed)
			settle(t, stream, rejected(one))
		}, [3]Change{Unchanged, Changed, Changed}},
		{"the first is rejected, the second delivered", func(t *testing.T, stream *Stream) {
			_, one := diff(t, stream, "a", v(1), Changed)
			_, two := diff(t, stream, "a", v(2), Changed)
			settle(t, stream, rejected(one))
			diff(t, stream, "a", v(2), Unchanged)
			settle(t, stream, mark(two))
		}, [3]Change{Changed, Changed, Unchanged}},
		{"the first is delivered, the second rejected", func(t *testing.T, stream *Stream) {
			_, one := diff(t, stream, "a", v(1), Changed)
			_, two := diff(t, stream, "a", v(2), Changed)
			settle(t, stream, mark(one), rejected(two))
		}, [3]Change{Changed, Unchanged, Changed}},
		{"removed and back", func(t *testing.T, stream *Stream) {
			remove(t, stream, Removed)
			remove(t, stream, Unchanged)
			_, zero := diff(t, stream, "a", v(0), Added)
			settle(t, stream, mark(zero))
		}, [3]Change{Unchanged, Changed, Changed}},
		{"removed", func(t *testing.T, stream *Stream) {
			settle(t, stream, mark(remove(t, stream, Removed)))
			remove(t, stream, Unchanged)
		}, [3]Change{Added, Added, Added}},
		{"removal rejected", func(t *testing.T, stream *Stream) {
			settle(t, stream, rejected(remove(t, stream, Removed)))
		}, [3]Change{Unchanged, Changed, Changed}},
		{"not sent, taken as if", func(t *testing.T, stream *Stream) {
			_, one := diff(t, stream, "a", v(1), Changed)
			if err := stream.Commit([]Row{mark(one)}); err != nil {
				t.Fatal(err)
			}
		}, [3]Change{Changed, Unchanged, Changed}},
		{"begun, and its end is not known", func(t *testing.T, stream *Stream) {
			_, one := diff(t, stream, "a", v(1), Changed)
			begin(t, stream, mark(one))
		}, [3]Change{Changed, Changed, Changed}},
		{"a removal is begun, and its end is not known", func(t *testing.T, stream *Stream) {
			begin(t, stream, mark(remove(t, stream, Removed)))
		}, [3]Change{Added, Added, Added}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			store := open(t, dir, Options{})
			deliver(t, openStream(t, store, "users", 1), "a", v(0), Added)
			closeStore(t, store)
			store = open(t, dir, Options{})
			test.run(t, openStream(t, store, "users", 2))
			closeStore(t, store)
			for n, want := range test.then {
				store := open(t, dir, Options{})
				diff(t, openStream(t, store, "users", 3), "a", v(n), want)
				closeStore(t, store)
			}
		})
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
	begin(t, stream, Row{Key: []byte("a"), Version: Version{entry{digest: tombstone}}, Data: []byte(`{"deleted":true}`)}) // its end is not known either
	closeStore(t, store)

	store = open(t, dir, Options{KeepRows: true})
	defer closeStore(t, store)
	stream = openStream(t, store, "users", 3)
	left(t, stream, `a {"v":1}`)
	diff(t, stream, "a", `{"v":1}`, Added)
	diff(t, stream, "a", `{"v":1}`, Unchanged) // as the one in flight
	stream.pending = map[string]*flight{}      // asked, not sent
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
	if _, _, err := stream.CountUnseen(); !errors.Is(err, ErrInFlight) {
		t.Errorf("CountUnseen = %v", err)
	}
	for _, err := range stream.Unseen() {
		if !errors.Is(err, ErrInFlight) {
			t.Errorf("Unseen = %v", err)
		}
	}
	settle(t, stream, mark(m))
	left(t, stream)
}

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
	const n = 60_000
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
		if change != Added && stream.index == nil {
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

func TestLockedFolder(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second Open: %v", err)
	}
	closeStore(t, store)
	closeStore(t, open(t, dir, Options{}))
}

func TestForeignFolder(t *testing.T) {
	for _, name := range []string{"notes.txt", "snapshot.db", "000004.log"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "start over") {
			t.Errorf("Open of a folder with %s: %v", name, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("Open changed a folder that is not its own: %v, %v", entries, err)
		}
	}
}

func TestAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	if err := store.db.Set(versionKey, []byte("destination-webhook snapshot 99"), nil); err != nil {
		t.Fatal(err)
	}
	closeStore(t, store)
	if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "99") {
		t.Errorf("Open = %v", err)
	}
}

// TestDamagedFiles turns over a byte in many places of every file, and each is noticed: a store
// that forgets rows without a word would send them all again.
func TestDamagedFiles(t *testing.T) {
	if inChild(t) { // a store that notices damage in the background is abandoned
		return
	}
	origin := t.TempDir()
	store := open(t, origin, Options{})
	stream := openStream(t, store, "users", 1)
	for i := range 300 {
		deliver(t, stream, fmt.Sprintf("key-%d", i), `{"v":0}`, Added)
	}
	closeStore(t, store)
	closeStore(t, open(t, origin, Options{})) // moves the rows from the log into a table

	unread := 0
	defer func() {
		if unread > 2 {
			t.Errorf("%d damaged bytes are not noticed", unread)
		}
	}()
	for name, content := range filesIn(t, origin) {
		for at := 0; at < len(content); at += 1 + len(content)/12 {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(origin)); err != nil {
				t.Fatal(err)
			}
			damaged := bytes.Clone(content)
			damaged[at] ^= 0x20
			if err := os.WriteFile(filepath.Join(dir, name), damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			switch err := readAll(t, dir, 300); {
			case err == nil:
				unread++ // by all that reads every row, such as the filter of a table
			case !strings.Contains(err.Error(), "start over"):
				t.Errorf("byte %d of %s: %v does not say what to do", at, name, err)
			}
		}
	}
}

func TestMissingFiles(t *testing.T) {
	origin := t.TempDir()
	store := open(t, origin, Options{})
	deliver(t, openStream(t, store, "users", 1), "key-0", `{"v":0}`, Added)
	closeStore(t, store)
	closeStore(t, open(t, origin, Options{}))
	for name := range filesIn(t, origin) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(origin)); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		err := readAll(t, dir, 1)
		if name != checksumName && (err == nil || !strings.Contains(err.Error(), "start over")) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// A process that dies while it seals leaves a whole database, and that is no damage, also in the
// sync after the next.
func TestDeathInTheSeal(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	deliver(t, openStream(t, store, "users", 1), "key-0", `{"v":0}`, Added)
	closeStore(t, store)
	if err := os.Rename(filepath.Join(dir, checksumName), filepath.Join(dir, partialChecksum)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := readAll(t, dir, 1); err != nil {
			t.Fatal(err)
		}
		closeStore(t, open(t, dir, Options{}))
		if _, err := os.Stat(filepath.Join(dir, partialChecksum)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("what is left of the seal is still there: %v", err)
		}
		// Nor is a file that is none of the database's.
		if err := os.WriteFile(filepath.Join(dir, "000099.dbtmp"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What a clean close leaves is tables: the logs of the database would be as large again.
func TestCloseLeavesNoLogs(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	deliver(t, openStream(t, store, "users", 1), "key-0", `{"v":0}`, Added)
	closeStore(t, store)
	if logs, err := filepath.Glob(filepath.Join(dir, "*.log")); err != nil || len(logs) > 0 {
		t.Errorf("the folder holds %v, %v", logs, err)
	}
	if err := readAll(t, dir, 1); err != nil {
		t.Error(err)
	}
}

// readAll opens a store and fails the test where it answers wrongly for one of n rows.
func readAll(t *testing.T, dir string, n int) error {
	t.Helper()
	store, err := Open(t.Context(), dir, Options{})
	if err != nil {
		return err
	}
	defer func() { _ = store.release() }() // damage may be noticed again
	stream, err := store.Stream(t.Context(), Identity{Stream: "users", Key: [][]string{{"id"}}}, 2)
	if err != nil {
		return err
	}
	for i := range n {
		key := fmt.Sprintf("key-%d", i)
		for version, want := range []Change{Unchanged, Changed} {
			change, _, err := stream.Diff([]byte(key), fmt.Appendf(nil, `{"v":%d}`, version))
			if err != nil {
				return err
			}
			if change != want {
				t.Errorf("%s version %d is %v without an error", key, version, change)
			}
		}
	}
	return nil
}

func filesIn(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if len(content) > 0 {
			found[filepath.Base(path)] = content
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func open(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	store, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func closeStore(t *testing.T, store *Store) {
	t.Helper()
	if err := store.Close(context.WithoutCancel(t.Context())); err != nil { // a cleanup may call it
		t.Fatal(err)
	}
}

func openStream(t *testing.T, store *Store, identity string, generation int64) *Stream {
	t.Helper()
	stream, err := store.Stream(t.Context(), Identity{Stream: identity, Title: identity, Key: [][]string{{"id"}}}, generation)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func diff(t *testing.T, stream *Stream, key, row string, want Change) (Change, Version) {
	t.Helper()
	change, mark, err := stream.Diff([]byte(key), []byte(row))
	if err != nil {
		t.Fatal(err)
	}
	if change != want {
		t.Fatalf("Diff(%s, %s) = %v, want %v", key, row, change, want)
	}
	return change, mark
}

// remove removes key a.
func remove(t *testing.T, stream *Stream, want Change) Version {
	t.Helper()
	change, mark, err := stream.Remove([]byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	if change != want {
		t.Fatalf("Remove(a) = %v, want %v", change, want)
	}
	return mark
}

func deliver(t *testing.T, stream *Stream, key, row string, want Change) {
	t.Helper()
	_, m := diff(t, stream, key, row, want)
	settle(t, stream, Row{Key: []byte(key), Version: m, Data: []byte(row)})
}

// mark and rejected are rows of the key a.
func mark(v Version) Row     { return Row{Key: []byte("a"), Version: v} }
func rejected(v Version) Row { return Row{Key: []byte("a"), Version: v, Rejected: true} }

func begin(t *testing.T, stream *Stream, rows ...Row) *Batch {
	t.Helper()
	batch, err := stream.Begin(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

func settle(t *testing.T, stream *Stream, rows ...Row) {
	t.Helper()
	if err := begin(t, stream, rows...).Confirm(); err != nil {
		t.Fatal(err)
	}
}

func left(t *testing.T, stream *Stream, want ...string) {
	t.Helper()
	var got []string
	for row, err := range stream.Unseen() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %s", row.Key, row.Data))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows that left (-want +got):\n%s", diff)
	}
	if n, _, err := stream.CountUnseen(); err != nil || n != len(want) {
		t.Errorf("CountUnseen = %d, %v, want %d", n, err, len(want))
	}
}

// A process that dies while it makes a snapshot leaves one that is not there yet, and the next one
// makes it.
func TestUnfinishedBeginnings(t *testing.T) {
	begin := map[string]func(t *testing.T, dir string){
		"before the database": func(t *testing.T, dir string) {
			for _, name := range []string{"LOCK", "marker.format-version.000001.013", "MANIFEST-000001"} {
				if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		},
		"before the version": func(t *testing.T, dir string) {
			store := open(t, dir, Options{})
			if err := store.db.Delete(versionKey, pebble.Sync); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(store.db.Close(), store.lock.Close()); err != nil {
				t.Fatal(err)
			}
		},
	}
	for when, die := range begin {
		t.Run(when, func(t *testing.T) {
			dir := t.TempDir()
			die(t, dir)
			for range 2 {
				store, err := Open(t.Context(), dir, Options{})
				if err != nil {
					t.Fatal(err)
				}
				closeStore(t, store)
			}
		})
	}
}
