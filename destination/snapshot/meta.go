package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// meta is what is stored about a stream.
type meta struct {
	ID       uint32 `json:"id"`
	Endpoint string `json:"endpoint"` // its digest
	Key      string `json:"key"`
	// Program is the digest of the identity's; "" if it has none.
	Program string `json:"program,omitempty"`
	// Paths are the key's fields in the order in which the endpoint gets them; nil in a snapshot of
	// versionBefore.
	Paths      [][]string `json:"paths,omitempty"`
	Generation int64      `json:"generation"`
	// Open is true from the start of a sync to its close, so it tells of a sync that died.
	Open bool `json:"open"`
	// Incomplete has the generations, as far as they may go on, of which a sync died.
	Incomplete []int64 `json:"torn,omitempty"`
	// Start is the first ordinal that was new in this generation.
	Start uint64 `json:"start"`
	// Next is an ordinal from which on all are free; those below may be taken.
	Next uint64 `json:"next"`
	// Entries is how many there were when they were counted last.
	Entries uint64 `json:"entries"`
	// Newer is true if the generation before this one was a lesser one, Unclear if it was not
	// known.
	Newer   bool `json:"newer,omitempty"`
	Unclear bool `json:"unclear,omitempty"`
	// Known is true if a generation of 0 was the platform's, and not that of a catalog without
	// generations.
	Known bool `json:"known,omitempty"`
	// Bypassed is true if rows were sent that the snapshot does not know of.
	Bypassed bool `json:"bypassed,omitempty"`
	// Finished is true once a sync that read this generation to its end has ended well.
	Finished bool `json:"finished,omitempty"`
	// Epoch counts the syncs that ended well, from Base on, which is random.
	Epoch uint64 `json:"epoch"`
	Base  uint64 `json:"base,omitempty"`
	// Renumbering is true while entries have old and new ordinals.
	Renumbering bool `json:"renumbering,omitempty"`
}

func (m *meta) encode() []byte {
	text, _ := json.Marshal(m) // numbers, booleans and strings always encode
	return text
}

// markIncomplete notes that a sync of a generation died.
func (m *meta) markIncomplete(generation int64) {
	if !slices.Contains(m.Incomplete, generation) {
		m.Incomplete = append(m.Incomplete, generation)
	}
	if generation == m.Generation {
		m.Finished = false // its refresh, which may have been restarted, is not complete
	}
}

// beginGeneration starts a generation, which intents from elsewhere may have named before. first is
// set for a stream that the snapshot did not know.
func (m *meta) beginGeneration(generation int64, first bool) {
	m.Newer = !first && generation > m.Generation && (m.Generation > 0 || m.Known)
	m.Unclear = !first && generation > 0 && m.Generation == 0 && !m.Known
	m.Generation, m.Finished = generation, false
	m.Incomplete = slices.DeleteFunc(m.Incomplete, func(other int64) bool { return other != generation })
}

// clearIncomplete forgets that a sync of the current generation died.
func (m *meta) clearIncomplete() {
	m.Incomplete = slices.DeleteFunc(m.Incomplete, func(other int64) bool { return other == m.Generation })
}

func (m *meta) incomplete() bool { return slices.Contains(m.Incomplete, m.Generation) }

// origin reports whether the stored stream is the one of an identity.
func (m *meta) origin(id Identity) Origin {
	switch {
	case m.Endpoint != digestOf(id.Endpoint) && m.Endpoint != digestOf(id.EndpointBefore):
		return Moved
	case m.Key != keyText(id.Key) && !sameFields(m.Paths, id.Key):
		return Rekeyed
	}
	return Continued
}

// digestOf is what is stored of an endpoint.
func digestOf(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return hex.EncodeToString(sum[:16])
}

func keyText(paths [][]string) string { return fmt.Sprintf("%q", paths) }

// sameFields reports whether two keys have the same fields, in any order.
func sameFields(a, b [][]string) bool {
	sorted := func(paths [][]string) [][]string { return slices.SortedFunc(slices.Values(paths), slices.Compare) }
	return slices.EqualFunc(sorted(a), sorted(b), slices.Equal)
}

// load reads the stream's meta, or makes it if there is none of this identity.
func (st *Stream) load() error {
	found, err := st.readMeta()
	if err != nil {
		return err
	}
	if found {
		st.origin = st.meta.origin(st.id)
	}
	if found && st.origin == Continued {
		st.reprogrammed = st.meta.Program != st.id.program()
		st.meta.Endpoint, st.meta.Program = digestOf(st.id.Endpoint), st.id.program()
		if st.meta.Paths == nil { // it is of versionBefore
			st.meta.Paths = st.id.Key
			if err := st.noteSpellings(); err != nil {
				return err
			}
		}
		return st.resume()
	}
	return st.replaceMeta(found, meta{Endpoint: digestOf(st.id.Endpoint), Program: st.id.program(), Key: keyText(st.id.Key), Paths: st.id.Key})
}

// loadFor is load for the stream that an intent names.
func (st *Stream) loadFor(n intent) error {
	found, err := st.readMeta()
	if err != nil {
		return err
	}
	if found && st.meta.Endpoint == n.endpoint && st.meta.Key == n.key {
		return st.resume()
	}
	return st.replaceMeta(found, meta{Endpoint: n.endpoint, Key: n.key})
}

func (st *Stream) readMeta() (found bool, err error) {
	value, found, err := st.store.get(metaKey(st.id.Stream))
	if err == nil && found && json.Unmarshal(value, &st.meta) != nil {
		err = fmt.Errorf("%w (the meta of stream %s)", errMalformed, st.id.Title)
	}
	return found, err
}

// resume goes on with the stored stream.
func (st *Stream) resume() error {
	st.next = st.meta.Next
	if st.meta.Base == 0 { // it is of versionBefore
		st.meta.Base = st.meta.Epoch
	}
	return st.findTombstones()
}

// replaceMeta starts the stream over.
func (st *Stream) replaceMeta(found bool, m meta) error {
	if found {
		if err := st.drop(); err != nil {
			return err
		}
	}
	var err error
	if m.ID, err = st.store.newID(); err != nil {
		return err
	}
	m.Epoch = rand.Uint64()
	m.Base = m.Epoch
	st.meta, st.next = m, 0
	return nil
}

// newID returns a number that no stream has had.
func (s *Store) newID() (uint32, error) {
	if s.tables != nil {
		return s.tables.NextID(context.Background())
	}
	s.lastID++
	return s.lastID, nil
}

func (st *Stream) storeMeta(how *pebble.WriteOptions) error {
	st.meta.Next = max(st.meta.Next, st.next)
	return st.store.set(metaKey(st.id.Stream), st.meta.encode(), how)
}

// drop deletes all that is stored below the stream's number, which is not used again.
func (st *Stream) drop() error {
	for _, prefix := range []byte{entryPrefix, rowPrefix, gravePrefix, spellPrefix} {
		if err := st.store.erase(streamKey(prefix, st.meta.ID), streamKey(prefix, st.meta.ID+1)); err != nil {
			return err
		}
	}
	seen := st.store.db.newBatch()
	set(seen, streamKey(seenPrefix, st.meta.ID), nil, true)
	return st.store.apply(seen, pebble.NoSync)
}

// findLastID finds the highest number that a stream has.
func (s *Store) findLastID() error {
	return s.scan([]byte{metaPrefix}, []byte{metaPrefix + 1}, func(_, value []byte) error {
		var m meta
		if err := json.Unmarshal(value, &m); err != nil {
			return fmt.Errorf("%w (the meta of a stream)", errMalformed)
		}
		s.lastID = max(s.lastID, m.ID)
		return nil
	})
}
