package journal

import (
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/destination/manifest"
)

// The most that a manifest may have: bytes, and names that it supersedes. No more names are
// remembered.
const (
	maxManifest   = 4 << 20
	maxSuperseded = maxIDs
)

var (
	errManifestTooLarge  = fmt.Errorf("more than %d bytes", maxManifest)
	errTooManySuperseded = fmt.Errorf("more than %d superseded requests", maxSuperseded)
)

// readManifest reads the body of a request of a run, nil if it is no manifest.
func readManifest(q *Request) (*manifest.Manifest, error) {
	if q.Run == "" || !isManifest(q.Body, q.Run) {
		return nil, nil
	}
	m, err := parseManifest(q.Body)
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest: %w", err)
	}
	return m, nil
}

// isManifest reports whether a body is the manifest of a run. Of a batch it reads nothing after the
// beginning of the rows.
func isManifest(body []byte, run string) bool {
	known := map[string]string{"type": manifest.Type, "run": run}
	d := newDecoder(body)
	_ = d.object(func(name string) error {
		want, is := known[name]
		if !is && name != "rows" {
			return d.SkipValue()
		}
		if text, err := d.text(name); err != nil || text != want {
			return io.EOF
		}
		if delete(known, name); len(known) == 0 {
			return io.EOF // it needs no more
		}
		return nil
	})
	return len(known) == 0
}

func parseManifest(body []byte) (*manifest.Manifest, error) {
	if len(body) > maxManifest {
		return nil, errManifestTooLarge
	}
	m := &manifest.Manifest{}
	err := json.Unmarshal(body, m, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true),
		json.WithUnmarshalers(json.UnmarshalFromFunc(readSuperseded)))
	return m, err
}

// readSuperseded reads the only list of names that a manifest has.
func readSuperseded(d *jsontext.Decoder, names *[]string) error {
	list := decoder{Decoder: d}
	*names = (*names)[:0]
	return list.array(func() error {
		if len(*names) == maxSuperseded {
			return errTooManySuperseded
		}
		name, err := list.text("superseded")
		*names = append(*names, name)
		return err
	})
}

// manifestSize is the memory of a manifest that is kept.
func manifestSize(m *manifest.Manifest) int64 {
	if m == nil {
		return 0
	}
	n := int64(len(m.Type) + len(m.Run) + len(m.Stream) + len(m.Namespace) + len(m.SyncMode) + len(m.Digest) + len(m.Removals))
	for _, name := range m.Superseded {
		n += int64(len(name)) + 16
	}
	return n
}
