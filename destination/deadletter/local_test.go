package deadletter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	_ Store = (*Local)(nil)

	noon = time.Date(2026, 11, 24, 12, 30, 15, 0, time.FixedZone("", 3600))
)

func TestLocalWritesOneFilePerSync(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rejected")
	store := newLocal(t, dir)
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("files before the first dead letter: %v", got)
	}
	for _, line := range []string{"{\"a\":1}\n", "{\"a\":2}\n{\"a\":3}\n"} {
		if err := store.Write(t.Context(), []byte(line)); err != nil {
			t.Fatal(err)
		}
		// What was written must be there before Close: a crash may come first.
		if got := content(t, dir); !strings.HasSuffix(got, line) {
			t.Errorf("after writing %q the file holds %q", line, got)
		}
	}
	if diff := cmp.Diff("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", content(t, dir)); diff != "" {
		t.Error(diff)
	}
	name := files(t, dir)[0]
	if !regexp.MustCompile(`^dead-letters-20261124T113015\.000Z-[A-Z2-7]{8}\.jsonl$`).MatchString(name) {
		t.Errorf("name %q", name)
	}
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want it readable by its owner alone", info.Mode())
	}
}

// Two syncs of one second keep their order.
func TestFileNamesSortByTime(t *testing.T) {
	var names []string
	for i := range 20 {
		names = append(names, fileName(noon.Add(time.Duration(i)*time.Millisecond)))
	}
	if !slices.IsSorted(names) {
		t.Errorf("got %v", names)
	}
}

func TestLocalNeverWritesIntoAnotherSyncsFile(t *testing.T) {
	dir := t.TempDir()
	for i := range 2 {
		if err := newLocal(t, dir).Write(t.Context(), fmt.Appendf(nil, "%d\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := files(t, dir); len(got) != 2 {
		t.Errorf("two syncs of one second left %v", got)
	}

	store := newLocal(t, dir)
	if err := os.WriteFile(filepath.Join(dir, store.name), []byte("theirs\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.Write(t.Context(), []byte("ours\n")); !errors.Is(err, os.ErrExist) {
		t.Errorf("writing where a file exists: %v", err)
	}
}

func TestLocalRefusesLinks(t *testing.T) {
	base := t.TempDir()
	target := filepath.Join(base, "target")
	plain := filepath.Join(base, "plain")
	link := filepath.Join(base, "link")
	dangling := filepath.Join(base, "dangling")
	relative := filepath.Join(base, "relative")
	for _, err := range []error{
		os.Mkdir(target, 0o700), os.Symlink(target, link), os.WriteFile(plain, nil, 0o600), os.Symlink("nowhere", dangling),
		os.Symlink("target", relative),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{link, link + "/", link + "/.", link + "//", filepath.Join(base, "target") + "/../link", plain, dangling, relative} {
		if store, err := NewLocal(dir, noon); err == nil {
			t.Errorf("NewLocal(%s) = %v, want an error", filepath.Base(dir), store)
		}
	}
	store := newLocal(t, target)
	outside := filepath.Join(base, "outside")
	if err := os.Symlink(outside, filepath.Join(target, store.name)); err != nil {
		t.Fatal(err)
	}
	if err := store.Write(t.Context(), []byte("row\n")); err == nil {
		t.Error("wrote through a link in place of the file")
	}
	if _, err := os.Stat(outside); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link's target: %v", err)
	}
}

func TestLocalRefusesAnUnsafeFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if store, err := NewLocal(dir, noon); err == nil {
		t.Errorf("NewLocal = %v, want an error", store)
	}
}

func TestLocalIsSafeForConcurrentUse(t *testing.T) {
	dir := t.TempDir()
	store := newLocal(t, dir)
	line := strings.Repeat("x", 5000) + "\n"
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if err := store.Write(t.Context(), []byte(line)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := content(t, dir); got != strings.Repeat(line, 40) {
		t.Errorf("lines were mixed or lost: %d bytes, want %d", len(got), 40*len(line))
	}
}

func TestLocalOnAFullDisk(t *testing.T) {
	for _, disk := range []struct {
		name        string
		room        int
		sync, wants error
	}{
		{name: "no room", room: 10, wants: syscall.ENOSPC},
		{name: "sync fails", room: 100, sync: syscall.EIO, wants: syscall.EIO},
	} {
		t.Run(disk.name, func(t *testing.T) {
			store := newLocal(t, t.TempDir())
			full := &fullDisk{room: disk.room}
			store.file = full
			if err := store.Write(t.Context(), []byte("first\n")); err != nil {
				t.Fatal(err)
			}
			full.sync = disk.sync
			if err := store.Write(t.Context(), []byte("second\n")); !errors.Is(err, disk.wants) {
				t.Errorf("Write = %v, want %v", err, disk.wants)
			}
			if got := string(full.held); got != "first\n" {
				t.Errorf("the file holds %q, want whole lines alone", got)
			}
		})
	}
}

func TestLocalCancelled(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newLocal(t, dir).Write(ctx, []byte("row\n")); !errors.Is(err, context.Canceled) {
		t.Errorf("Write = %v", err)
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("left %v", got)
	}
}

// fullDisk is a file with room for a few bytes.
type fullDisk struct {
	room int
	held []byte
	sync error
}

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(len(p), d.room-len(d.held))
	d.held = append(d.held, p[:n]...)
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (d *fullDisk) Sync() error { return d.sync }

func (d *fullDisk) Truncate(size int64) error {
	d.held = d.held[:size]
	return nil
}

func (d *fullDisk) Close() error { return nil }

func newLocal(t *testing.T, dir string) *Local {
	t.Helper()
	store, err := NewLocal(dir, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func content(t *testing.T, dir string) string {
	t.Helper()
	var all []byte
	for _, name := range files(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return string(all)
}
