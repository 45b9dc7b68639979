package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/snapshot/disk"
)

const (
	// manifestVersion is that of a manifest that lists files.
	manifestVersion = "destination-webhook snapshot 4"
	// packedVersion is that of a manifest that points to a packed store. It is read, and the first
	// save replaces it.
	packedVersion = "destination-webhook snapshot 3"
	// packedVersionBefore is one that is read as well.
	packedVersionBefore = "destination-webhook snapshot 2"
)

// maxManifest bounds what is read of a manifest, in bytes: 100,000 files, and those that are in it.
const maxManifest = 32 << 20

// manifest says what the snapshot is.
type manifest struct {
	Version  string   `json:"version"`
	Sequence uint64   `json:"sequence"`
	Writer   string   `json:"writer"`
	Contains contents `json:"contains"` // of the intents that may still be there
	Files    []file   `json:"files,omitempty"`
	// Dropped has the objects that one of the manifests before named and this one does not, each
	// with the sequence of the first manifest without it.
	Dropped map[string]uint64 `json:"dropped,omitempty"`
	// Checksum is a digest of all other members.
	Checksum string `json:"checksum,omitempty"`
	packedStore
}

// packedStore is what a manifest of packedVersion or the one before has in place of files.
type packedStore struct {
	Object string `json:"object,omitempty"`
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
}

// file is a file of the store. Its content is an object, or, if it is small, in the manifest.
type file struct {
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	Object  string `json:"object,omitempty"`
	Content []byte `json:"content,omitempty"`
}

// readManifest returns the manifest and its ETag, or neither if there is none.
func (s *Session) readManifest(ctx context.Context) (m manifest, etag string, err error) {
	var text bytes.Buffer
	etag, err = s.bucket.Fetch(ctx, manifestName, &text, maxManifest)
	if errors.Is(err, bucket.ErrNotFound) {
		return m, "", nil
	}
	if err == nil {
		err = m.decode(text.Bytes())
	}
	if err != nil {
		return manifest{}, "", err
	}
	return m, etag, nil
}

func (m *manifest) encode() []byte {
	m.Checksum = ""
	m.Checksum = checksumOf(m)
	text, _ := json.Marshal(m) // numbers and strings always encode
	return text
}

func checksumOf(m *manifest) string {
	text, _ := json.Marshal(m)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (m *manifest) decode(text []byte) error {
	err := json.Unmarshal(text, m)
	switch {
	case err == nil && m.Version == manifestVersion:
		return m.verify()
	case err == nil && (m.Version == packedVersion || m.Version == packedVersionBefore):
		return nil
	}
	return fmt.Errorf("%w (%s says version %s, want %q): %s", disk.ErrForeign, manifestName, disk.ShownVersion(m.Version), manifestVersion, disk.StartOver)
}

var (
	// fileName is what the name of a store's file looks like.
	fileName = regexp.MustCompile(`^(\d{6,20}(\.sst|\.blob|(-\d{3})?\.log)|(MANIFEST|OPTIONS)-\d{6,20}|marker\.[a-z-]+\.\d{6}\.[A-Za-z0-9-]+)$`)
	// objectName is what the name of its object looks like.
	objectName = regexp.MustCompile(`^` + filesFolder + `\d{16}-[0-9a-f]{64}$`)
)

// verify refuses a manifest that no save has written. What it names becomes files, so that nobody
// may choose the names.
func (m *manifest) verify() error {
	want := m.Checksum
	m.Checksum = ""
	if checksumOf(m) != want || len(m.Files) == 0 {
		return fmt.Errorf("it is damaged: %s is not as a sync has written it; %s", manifestName, disk.StartOver)
	}
	names, left := map[string]bool{}, int64(maxSnapshot)
	for _, f := range m.Files {
		if f.Size < 0 || f.Size > left || names[f.Name] || !f.valid() {
			return fmt.Errorf("it is damaged: %s lists what is no file of a snapshot; %s", manifestName, disk.StartOver)
		}
		names[f.Name] = true
		left -= f.Size
	}
	return nil
}

// maxSnapshot is more than any disk holds, in bytes, so that sums do not overflow.
const maxSnapshot = 1 << 60

func (f file) valid() bool {
	if f.Object == "" {
		return fileName.MatchString(f.Name) && f.Size == int64(len(f.Content))
	}
	return fileName.MatchString(f.Name) && objectName.MatchString(f.Object) && f.Content == nil
}

// digest is the SHA-256 of the file's content, if it is an object.
func (f file) digest() string { return f.Object[len(f.Object)-2*sha256.Size:] }

// size is how many bytes the files of the snapshot have.
func (m *manifest) size() (total int64) {
	for _, f := range m.Files {
		total += f.Size
	}
	return total
}

// scratch is how many bytes a snapshot takes on the disk while it is fetched.
func (m *manifest) scratch() int64 { return m.size() + 2*m.Size }
