package remote

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/destination/snapshot/disk"
)

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
			service, s := begin(t)
			m := manifest{Version: manifestVersion, Sequence: 1, Files: files}
			service.Put(map[string][]byte{manifestName: m.encode()})
			refuses(t, s, "it is damaged")
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
			service, s := begin(t)
			m := manifest{Version: manifestVersion, Sequence: 1, Files: []file{{Name: "000001.sst", Object: object, Size: test.size}}}
			service.Put(map[string][]byte{manifestName: m.encode(), object: []byte(test.content)})
			refuses(t, s, test.wants)
		})
	}
}

// refuses fetches, and fails the test if that does not.
func refuses(t *testing.T, s *Session, wants string) {
	t.Helper()
	if err := s.Fetch(t.Context(), nil); err == nil || !strings.Contains(err.Error(), wants) {
		t.Errorf("fetched: %v, want %q", err, wants)
	}
	beside := filepath.Join(filepath.Dir(s.folder.Dir()), "*")
	if found, _ := filepath.Glob(beside); len(found) != 1 {
		t.Errorf("beside the folder there are %v", found)
	}
}

// What a later version writes is refused, and the message names both versions.
func TestManifestOfALaterVersion(t *testing.T) {
	service, s := begin(t)
	service.Put(map[string][]byte{manifestName: []byte(`{"version":"destination-webhook snapshot 5"}`)})
	err := s.Fetch(t.Context(), nil)
	if !errors.Is(err, disk.ErrForeign) || !strings.Contains(err.Error(), "snapshot 5") || !strings.Contains(err.Error(), manifestVersion) {
		t.Errorf("fetched: %v", err)
	}
}
