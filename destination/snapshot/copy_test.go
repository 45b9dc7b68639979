package snapshot

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"destination-webhook/destination/snapshot/disk"
)

func TestOpenCopy(t *testing.T) {
	dir := t.TempDir()
	// Of a mounted volume, readable by root alone.
	if err := os.Mkdir(filepath.Join(dir, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	store := open(t, dir, Options{KeepRows: true})
	deliver(t, openStream(t, store, "users", 1), "a", `{}`, Added)
	if _, err := OpenCopy(t.Context(), dir, t.TempDir(), Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("while a sync works on it: %v, want ErrInUse", err)
	}
	closeStore(t, store)

	scratch := t.TempDir()
	copied, err := OpenCopy(t.Context(), dir, scratch, Options{KeepRows: true})
	if err != nil {
		t.Fatal(err)
	}
	stream := openStream(t, copied, "users", 2)
	diff(t, stream, "a", `{}`, Unchanged)
	deliver(t, stream, "b", `{}`, Added)
	closeStore(t, copied)
	if _, err := os.Stat(filepath.Join(scratch, "snapshot", "lost+found")); err == nil {
		t.Error("it copies what is not the store's")
	}

	store = open(t, dir, Options{KeepRows: true}) // the lock is free again
	diff(t, openStream(t, store, "users", 2), "b", `{}`, Added)
	closeStore(t, store)

	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := OpenCopy(stopped, dir, t.TempDir(), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("when told to stop: %v", err)
	}
}

func TestOpenCopyOfNothing(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "missing")} {
		copied, err := OpenCopy(t.Context(), path, t.TempDir(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, openStream(t, copied, "users", 1), "a", `{}`, Added)
		closeStore(t, copied)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("it left %v, %v", entries, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCopy(t.Context(), dir, t.TempDir(), Options{}); !errors.Is(err, disk.ErrForeign) {
		t.Errorf("of something else: %v, want errForeign", err)
	}
}
