package remote

import (
	"context"
	"fmt"
	"strings"
)

// keptManifests is how many manifests have to be written without an object before it is removed, so
// that a sync that has begun to open a snapshot finds what its manifest names.
const keptManifests = 3

// drop notes which objects of the manifest before this one does not name.
func (m *manifest) drop(before manifest) {
	m.Dropped = map[string]uint64{}
	for name, sequence := range before.Dropped {
		if sequence+keptManifests > m.Sequence {
			m.Dropped[name] = sequence
		}
	}
	for _, f := range before.Files {
		if f.Object != "" {
			m.Dropped[f.Object] = m.Sequence
		}
	}
	for _, f := range m.Files {
		delete(m.Dropped, f.Object)
	}
}

// clean removes the objects that cannot be part of the snapshot any more, and the intents that the
// snapshot contains. A sync that has opened this snapshot uploads under higher sequences, and names
// nothing else but what this manifest names. What cannot be removed now is removed by a later save.
func (s *Session) clean(ctx context.Context, m manifest) {
	named := m.named()
	for _, folder := range []string{dataFolder, filesFolder, intentsFolder} {
		objects, err := s.bucket.List(ctx, folder)
		if err != nil {
			return
		}
		for _, object := range objects {
			if !named[object.Name] && m.replaces(object.Name) {
				_ = s.bucket.Remove(ctx, object.Name)
			}
		}
	}
}

// named has the objects that must stay.
func (m *manifest) named() map[string]bool {
	names := map[string]bool{m.Object: true}
	for _, f := range m.Files {
		names[f.Object] = true
	}
	for name := range m.Dropped {
		names[name] = true
	}
	return names
}

// replaces reports whether an object that m does not name is of no use once m is the manifest.
func (m *manifest) replaces(name string) bool {
	if note, ok := parseIntentName(name); ok && strings.HasPrefix(name, intentsFolder) {
		return m.Contains.has(note)
	}
	for _, folder := range []string{dataFolder, filesFolder} {
		var sequence uint64
		if _, err := fmt.Sscanf(name, folder+"%d-", &sequence); err == nil {
			return sequence <= m.Sequence
		}
	}
	return false
}
