package remote

import (
	"errors"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
	"destination-webhook/destination/snapshot/disk"
)

// begin returns a service in this process, and a session with a bucket of it.
func begin(t *testing.T) (*buckettest.Memory, *Session) {
	t.Helper()
	service := &buckettest.Memory{}
	return service, sessionOf(t, service)
}

func sessionOf(t *testing.T, service *buckettest.Memory) *Session {
	t.Helper()
	b, err := bucket.New(service.Options())
	if err != nil {
		t.Fatal(err)
	}
	folder := disk.New(vfs.Default, filepath.Join(t.TempDir(), "scratch"), disk.Options{Scratch: true})
	if err := folder.Files().MkdirAll(folder.Dir(), 0o700); err != nil {
		t.Fatal(err)
	}
	return New(b, folder)
}

// database is files by name, which a session saves and fetches.
type database map[string]string

func (d database) save(t *testing.T, s *Session) {
	t.Helper()
	directly := func(f func() error) error { return f() }
	err := s.Save(t.Context(), Database{OnDisk: directly, Checkpoint: func(dir string) error {
		files := s.folder.Files()
		err := files.MkdirAll(dir, 0o700)
		for name, text := range d {
			file, makes := files.Create(files.PathJoin(dir, name), vfs.WriteCategoryUnspecified)
			if makes == nil {
				_, makes = io.WriteString(file, text)
				makes = errors.Join(makes, file.Close())
			}
			err = errors.Join(err, makes)
		}
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// fetched is what a session finds in its bucket.
func fetched(t *testing.T, s *Session) database {
	t.Helper()
	if err := s.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	found := database{}
	names, err := s.folder.Files().List(s.folder.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := s.folder.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found[name] = string(text)
	}
	return found
}

// A session finds the files that the one before saved, and the intents that it put later.
func TestSessions(t *testing.T) {
	service, first := begin(t)
	if files := fetched(t, first); len(files) != 0 || !first.Fresh() || first.Size() != 0 {
		t.Errorf("an empty bucket has %v, fresh: %v, size: %d", files, first.Fresh(), first.Size())
	}
	none := func(intent []byte) error { t.Errorf("adopted %q", intent); return nil }
	if err := first.Adopt(t.Context(), none); err != nil {
		t.Fatal(err)
	}
	first.Inline = 5
	saved := database{"MANIFEST-000001": "small", "000002.sst": "a table", "000003.log": "a log"}
	var contained map[string][]byte
	for _, when := range []string{"before", "after"} {
		if err := first.PutIntent(t.Context(), []byte(when)); err != nil {
			t.Fatal(err)
		}
		if when == "before" {
			contained = service.Objects()
			saved.save(t, first)
		}
	}
	maps.Copy(contained, service.Objects())
	service.Put(contained) // with the intent that the snapshot contains, as if it was not removed

	second := sessionOf(t, service)
	if diff := cmp.Diff(saved, fetched(t, second)); diff != "" || second.Fresh() || second.Size() != 17 {
		t.Errorf("fresh: %v, size: %d, the files (-saved +fetched):\n%s", second.Fresh(), second.Size(), diff)
	}
	var adopted []string
	if err := second.Adopt(t.Context(), func(intent []byte) error { adopted = append(adopted, string(intent)); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"after"}, adopted); diff != "" {
		t.Errorf("adopted (-want +got):\n%s", diff)
	}
}

// A table that the bucket has is not uploaded again, and what another session has replaced since is
// not adopted.
func TestReplacedSession(t *testing.T) {
	service, one := begin(t)
	database{"MANIFEST-000001": "one", "000002.sst": "a table"}.save(t, one)
	two := sessionOf(t, service)
	fetched(t, two)
	one.Inline = 0
	database{"MANIFEST-000001": "more", "000002.sst": "a table"}.save(t, one)
	if err := two.Adopt(t.Context(), nil); !errors.Is(err, ErrReplaced) || !errors.Is(err, disk.ErrInUse) {
		t.Errorf("Adopt = %v, want ErrReplaced", err)
	}
	before := slices.Collect(maps.Keys(service.Objects()))
	database{"MANIFEST-000001": "most", "000002.sst": "a table"}.save(t, one)
	if added := len(service.Objects()) - len(before); added != 1 {
		t.Errorf("a new list of tables became %d objects", added)
	}
}
