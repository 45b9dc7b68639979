package snapshot

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

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

// readAll opens a store and fails the test if it answers wrongly for one of n rows.
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
	store, err := openAtHome(t.Context(), dir, o)
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
	change, v, err := stream.Diff([]byte(key), []byte(row))
	if err != nil {
		t.Fatal(err)
	}
	if change != want {
		t.Fatalf("Diff(%s, %s) = %v, want %v", key, row, change, want)
	}
	return change, v
}

// remove removes key a.
func remove(t *testing.T, stream *Stream, want Change) Version {
	t.Helper()
	change, v, err := stream.Remove([]byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	if change != want {
		t.Fatalf("Remove(a) = %v, want %v", change, want)
	}
	return v
}

func deliver(t *testing.T, stream *Stream, key, row string, want Change) {
	t.Helper()
	_, m := diff(t, stream, key, row, want)
	settle(t, stream, Row{Key: []byte(key), Version: m, Data: []byte(row)})
}

// confirmed and rejected are rows of the key a.
func confirmed(v Version) Row { return Row{Key: []byte("a"), Version: v} }
func rejected(v Version) Row  { return Row{Key: []byte("a"), Version: v, Rejected: true} }

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

// confirm takes over what the rows of a batch have become.
func confirm(t *testing.T, batch *Batch) {
	t.Helper()
	if err := batch.Confirm(); err != nil {
		t.Fatal(err)
	}
}
