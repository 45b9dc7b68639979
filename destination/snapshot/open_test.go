package snapshot

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/snapshot/disk"
)

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
		if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, disk.ErrForeign) || !strings.Contains(err.Error(), "start over") {
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
	if err := store.local.Set(versionKey, []byte("destination-webhook snapshot 99"), nil); err != nil {
		t.Fatal(err)
	}
	closeStore(t, store)
	if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, disk.ErrForeign) || !strings.Contains(err.Error(), "99") {
		t.Errorf("Open = %v", err)
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
			if err := store.local.Delete(versionKey, pebble.Sync); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(store.db.Close(), store.disk.Unlock()); err != nil {
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
