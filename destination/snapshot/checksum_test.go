package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files that disk keeps the digest of a store in, whole and while it is written.
const (
	checksum        = "SEAL"
	partialChecksum = "SEAL.tmp"
)

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
		if name != checksum && (err == nil || !strings.Contains(err.Error(), "start over")) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// A process that dies while it seals leaves a whole database, and that is not damage, even in the
// sync after the next.
func TestDeathInTheSeal(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	deliver(t, openStream(t, store, "users", 1), "key-0", `{"v":0}`, Added)
	closeStore(t, store)
	if err := os.Rename(filepath.Join(dir, checksum), filepath.Join(dir, partialChecksum)); err != nil {
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
