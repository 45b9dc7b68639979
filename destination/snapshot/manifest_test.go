package snapshot

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
	"destination-webhook/destination/snapshot/disk"
)

// inMemory returns a bucket in this process.
func inMemory(t *testing.T) (*buckettest.Memory, *bucket.Bucket) {
	t.Helper()
	service := &buckettest.Memory{}
	b, err := bucket.New(service.Options())
	if err != nil {
		t.Fatal(err)
	}
	return service, b
}

// A manifest decides which files are written, so that it is refused as a whole if it names others
// than a snapshot has.
func TestHostileManifests(t *testing.T) {
	object := filesFolder + "0000000000000001-" + strings.Repeat("a", 64)
	for name, files := range map[string][]file{
		"no file":              {},
		"a path out":           {{Name: "../000001.sst", Content: []byte("x"), Size: 1}},
		"a path out of marker": {{Name: "marker.x/../../y.000001.z", Content: []byte("x"), Size: 1}},
		"an absolute path":     {{Name: "/tmp/000001.sst", Content: []byte("x"), Size: 1}},
		"another name":         {{Name: "LOCK", Content: []byte("x"), Size: 1}},
		"one name twice":       {{Name: "000001.sst", Object: object, Size: 1}, {Name: "000001.sst", Object: object, Size: 1}},
		"a negative size":      {{Name: "000001.sst", Object: object, Size: -1}},
		"sizes that overflow":  {{Name: "000001.sst", Object: object, Size: maxSnapshot}, {Name: "000002.sst", Object: object, Size: 1}},
		"another object":       {{Name: "000001.sst", Object: "notes/x", Size: 1}},
		"an object elsewhere":  {{Name: "000001.sst", Object: "files/../" + object, Size: 1}},
		"another size":         {{Name: "000001.sst", Content: []byte("x"), Size: 2}},
		"two contents":         {{Name: "000001.sst", Object: object, Content: []byte("x"), Size: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			_, b := inMemory(t)
			m := manifest{Version: manifestVersion, Sequence: 1, Files: files}
			put(t, b, manifestName, m.encode())
			refuses(t, b, "it is damaged")
		})
	}
}

// A file that is not what the manifest says is not kept, and no more of it is read.
func TestHostileFiles(t *testing.T) {
	object := filesFolder + "0000000000000001-" + strings.Repeat("a", 64)
	for name, test := range map[string]struct {
		content, wants string
		size           int64
	}{
		"another content": {"x", "does not have the checksum", 1},
		"a longer one":    {"xyz", "more than was asked for", 1},
		"a shorter one":   {"x", "does not have the checksum", 2},
		"a larger one than the disk has room for": {"x", "disk is full", maxSnapshot},
	} {
		t.Run(name, func(t *testing.T) {
			_, b := inMemory(t)
			m := manifest{Version: manifestVersion, Sequence: 1, Files: []file{{Name: "000001.sst", Object: object, Size: test.size}}}
			put(t, b, manifestName, m.encode())
			put(t, b, object, []byte(test.content))
			refuses(t, b, test.wants)
		})
	}
}

func refuses(t *testing.T, b *bucket.Bucket, wants string) {
	t.Helper()
	scratch := t.TempDir()
	if _, err := OpenRemote(t.Context(), b, scratch, Options{}); err == nil || !strings.Contains(err.Error(), wants) {
		t.Errorf("opened: %v, want %q", err, wants)
	}
	if left, _ := filepath.Glob(filepath.Join(scratch, "*")); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// What a later version writes is refused, and the message names both versions.
func TestManifestOfALaterVersion(t *testing.T) {
	_, b := inMemory(t)
	put(t, b, manifestName, []byte(`{"version":"destination-webhook snapshot 5"}`))
	_, err := OpenRemote(t.Context(), b, t.TempDir(), Options{})
	if !errors.Is(err, disk.ErrForeign) || !strings.Contains(err.Error(), "snapshot 5") || !strings.Contains(err.Error(), manifestVersion) {
		t.Errorf("opened: %v", err)
	}
}

// TestPackedSnapshotOf010 opens what 0.1.0 left in a bucket: its store, packed, and a manifest that
// points to it. The first save goes over to files, and the packed store is removed.
func TestPackedSnapshotOf010(t *testing.T) {
	service, b := inMemory(t)
	packed, sum := packFolder(t, "../testdata/0.1.0/snapshot")
	const object = dataFolder + "0000000000000007-ABC.tar"
	put(t, b, object, packed)
	put(t, b, manifestName, []byte(`{"version":"destination-webhook snapshot 3","sequence":7,"object":"`+object+`","size":`+
		strconv.Itoa(len(packed))+`,"sha256":"`+sum+`","writer":"ABC","contains":{"ABC":[[1,3]]}}`))

	store := openRemote(t, b, t.TempDir())
	entries := countEntries(t, store)
	if entries == 0 {
		t.Error("the snapshot of 0.1.0 has no entries")
	}
	if err := store.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, still := service.Objects()[object]; still {
		t.Error("the packed store is still in the bucket")
	}
	closeStore(t, store)
	store = openRemote(t, b, t.TempDir())
	defer closeStore(t, store)
	if got := countEntries(t, store); got != entries {
		t.Errorf("%d entries, there were %d", got, entries)
	}
}

func countEntries(t *testing.T, store *Store) (n int) {
	t.Helper()
	if err := store.scan([]byte{entryPrefix}, []byte{entryPrefix + 1}, func([]byte, []byte) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// packFolder makes of a folder what versions before wrote to a bucket.
func packFolder(t *testing.T, folder string) (packed []byte, sum string) {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	if err := errors.Join(w.AddFS(os.DirFS(folder)), w.Close()); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(buf.Bytes())
	return buf.Bytes(), hex.EncodeToString(digest[:])
}
