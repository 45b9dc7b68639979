package remote

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files that are larger than the pack they came in are holes: none is written once the room is used
// up.
func TestUnpackIsBounded(t *testing.T) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, name := range []string{"one", "two"} {
		if err := errors.Join(w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: 1000}), must(w.Write(make([]byte, 1000)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int64]int{int64(packed.Len()): 2, 1999: 1, 999: 0} {
		dir := t.TempDir()
		err := unpack(bytes.NewReader(packed.Bytes()), dir, size)
		if (err == nil) != (want == 2) || err != nil && !strings.Contains(err.Error(), "larger than the whole") {
			t.Errorf("with room for %d bytes: %v", size, err)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != want {
			t.Errorf("with room for %d bytes: %v", size, files)
		}
	}
}

func must(_ int, err error) error { return err }

func TestUnpackStaysInItsFolder(t *testing.T) {
	inside := filepath.Join(t.TempDir(), "inside")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	for _, name := range []string{"../outside", "/outside", "a/../../outside"} {
		if err := unpackFile(root, name, strings.NewReader("x")); err == nil {
			t.Errorf("unpacked %s", name)
		}
	}
}
