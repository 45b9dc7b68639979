package snapshot

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// meta is what is stored about a stream.
type meta struct {
	ID         uint32 `json:"id"`
	Endpoint   string `json:"endpoint"` // its digest
	Key        string `json:"key"`
	Generation int64  `json:"generation"`
	// Open is true from the start of a sync to its close, so it tells of a sync that died.
	Open bool `json:"open"`
	// Torn has the generations, as far as they may go on, of which a sync died.
	Incomplete []int64 `json:"torn,omitempty"`
	// Start is the first ordinal that was new in this generation.
	Start uint64 `json:"start"`
	// Next is an ordinal from which on all are free; those below may be taken.
	Next uint64 `json:"next"`
	// Entries is how many there were when they were counted last.
	Entries uint64 `json:"entries"`
	// Newer is true where the stored generation before this one was a lesser one.
	Newer bool `json:"newer,omitempty"`
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

// tear notes that a sync of a generation died. A generation of 0 is over with its sync.
func (m *meta) markIncomplete(generation int64) {
	if generation != 0 && !slices.Contains(m.Incomplete, generation) {
		m.Incomplete = append(m.Incomplete, generation)
	}
	if generation == m.Generation {
		m.Finished = false // its refresh, begun anew perhaps, is not at its end
	}
}

// turn starts a generation, of which notes from elsewhere may have told before.
func (m *meta) beginGeneration(generation int64) {
	m.Newer = m.Generation > 0 && generation > m.Generation
	m.Generation, m.Finished = generation, false
	m.Incomplete = slices.DeleteFunc(m.Incomplete, func(other int64) bool { return other != generation })
}

// mend forgets that a sync of the generation at hand died.
func (m *meta) clearIncomplete() {
	m.Incomplete = slices.DeleteFunc(m.Incomplete, func(other int64) bool { return other == m.Generation })
}

func (m *meta) incomplete() bool { return slices.Contains(m.Incomplete, m.Generation) }

// origin tells whether the stored stream is the one of an identity.
func (m *meta) origin(id Identity) Origin {
	switch {
	case m.Endpoint != id.Endpoint:
		return Moved
	case m.Key != id.Key:
		return Rekeyed
	}
	return Continued
}

// load reads the stream's meta, or makes it where there is none of this identity.
func (st *Stream) load() error {
	value, ok, err := st.store.get(metaKey(st.id.Stream))
	if err != nil {
		return err
	}
	if ok {
		if err := json.Unmarshal(value, &st.meta); err != nil {
			return fmt.Errorf("%w (the meta of stream %s)", errMalformed, st.id.Title)
		}
		if st.origin = st.meta.origin(st.id); st.origin == Continued {
			st.next = st.meta.Next
			if st.meta.Base == 0 { // it is of versionBefore
				st.meta.Base = st.meta.Epoch
			}
			return st.findTombstones()
		}
		if err := st.drop(); err != nil {
			return err
		}
	}
	st.store.lastID++
	base := rand.Uint64()
	st.meta, st.next = meta{ID: st.store.lastID, Endpoint: st.id.Endpoint, Key: st.id.Key, Epoch: base, Base: base}, 0
	return nil
}

func (st *Stream) storeMeta(how *pebble.WriteOptions) error {
	st.meta.Next = max(st.meta.Next, st.next)
	return st.store.set(metaKey(st.id.Stream), st.meta.encode(), how)
}

// drop deletes all that is stored below the stream's number, which is not used again.
func (st *Stream) drop() error {
	for _, prefix := range []byte{entryPrefix, rowPrefix, gravePrefix} {
		if err := st.store.erase(streamKey(prefix, st.meta.ID), streamKey(prefix, st.meta.ID+1)); err != nil {
			return err
		}
	}
	return st.store.update(func() error {
		return st.store.db.Delete(streamKey(seenPrefix, st.meta.ID), pebble.NoSync)
	})
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
