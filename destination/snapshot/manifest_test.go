package snapshot

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"testing"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
)

// What is in a bucket, see package remote.
const (
	manifestName  = "snapshot.json"
	filesFolder   = "files/"
	dataFolder    = "data/"
	intentsFolder = "notes/"
	keptManifests = 3 // as long as an object stays that no manifest names any more
)

// manifest is what a test wants to know of the manifest in a bucket.
type manifest struct {
	Files   []struct{ Object string }
	Dropped map[string]uint64
}

func manifestIn(t *testing.T, objects map[string][]byte) (m manifest) {
	t.Helper()
	if err := json.Unmarshal(objects[manifestName], &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// names reports whether an object is part of the snapshot.
func (m manifest) names(object string) bool {
	return slices.ContainsFunc(m.Files, func(f struct{ Object string }) bool { return f.Object == object })
}

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
