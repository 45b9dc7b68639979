package snapshot

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/destination/bucket/buckettest"
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

// What a bucket holds is not ours until it is read: none of it may take more room than it should.
func TestRemoteRefusesWhatIsTooLarge(t *testing.T) {
	point := func(size int64) []byte {
		text, err := json.Marshal(manifest{Version: packedVersion, Sequence: 1, packedStore: packedStore{Object: dataFolder + "x.tar", Size: size}})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, objects := range map[string]map[string][]byte{
		"manifest": {manifestName: append(point(0), bytes.Repeat([]byte(" "), maxManifest)...)},
		"data":     {manifestName: point(100), dataFolder + "x.tar": make([]byte, 101)},
		"negative": {manifestName: point(-1), dataFolder + "x.tar": make([]byte, 101)},
	} {
		t.Run(name, func(t *testing.T) {
			b := connect(t, buckettest.Start(t))
			for object, content := range objects {
				put(t, b, object, content)
			}
			scratch := t.TempDir()
			if _, err := OpenRemote(t.Context(), b, scratch, Options{}); err == nil || !strings.Contains(err.Error(), "more than was asked for") {
				t.Errorf("OpenRemote = %v", err)
			}
			if left, _ := os.ReadDir(scratch); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}
