package snapshot

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
	"destination-webhook/destination/snapshot/disk"
)

// contents lists a folder and all below it.
func folderContents(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestProbe(t *testing.T) {
	write := func(t *testing.T, path string) {
		t.Helper()
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		make func(t *testing.T, dir string)
		path string
		fits bool
	}{
		"nothing there": {func(*testing.T, string) {}, "a/b/c", true},
		"an empty one":  {func(*testing.T, string) {}, ".", true},
		"a snapshot": {func(t *testing.T, dir string) {
			closeStore(t, open(t, dir, Options{}))
		}, ".", true},
		"a snapshot in use": {func(t *testing.T, dir string) {
			store := open(t, dir, Options{})
			t.Cleanup(func() { closeStore(t, store) })
		}, ".", true},
		"something else":  {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "letter.txt")) }, ".", false},
		"a file":          {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "file")) }, "file", false},
		"below a file":    {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "file")) }, "file/a", false},
		"no place at all": {func(*testing.T, string) {}, "../../../../../../../../../../proc/nope", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			test.make(t, dir)
			before := folderContents(t, dir)
			if err := Probe(filepath.Join(dir, test.path)); (err == nil) != test.fits {
				t.Errorf("Probe = %v", err)
			}
			if diff := cmp.Diff(before, folderContents(t, dir)); diff != "" {
				t.Errorf("it changed the folder: %s", diff)
			}
		})
	}
}

func TestProbeRemote(t *testing.T) {
	o := buckettest.Start(t)
	b := connect(t, o)
	if err := ProbeRemote(t.Context(), b, t.TempDir()); err != nil {
		t.Errorf("of an empty bucket: %v", err)
	}
	closeStore(t, openRemote(t, b, t.TempDir()))
	if err := ProbeRemote(t.Context(), b, t.TempDir()); err != nil {
		t.Errorf("of a snapshot: %v", err)
	}
	if _, err := b.Put(t.Context(), manifestName, bytes.NewReader([]byte("{}")), 2, bucket.Condition{}); err != nil {
		t.Fatal(err)
	}
	if err := ProbeRemote(t.Context(), b, t.TempDir()); !errors.Is(err, disk.ErrForeign) {
		t.Errorf("of something else: %v, want errForeign", err)
	}
	o.Bucket = "another"
	if refused := (*bucket.Refused)(nil); !errors.As(ProbeRemote(t.Context(), connect(t, o), t.TempDir()), &refused) {
		t.Error("a bucket that is not there passes")
	}
}
