package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// Stream is the part of a store that belongs to one stream. Diff, Remove, CountLeft and Left are for one
// goroutine at a time; Begin, Settle and Commit may be called from any.
type Stream struct {
	store    *Store
	identity string
	origin   Origin
	meta     meta
	next     uint64 // the first ordinal that is free

	canon    canon
	keyBuf   []byte
	seen     bitmap // in this sync
	before   bitmap // in earlier attempts of its generation
	repeated int

	start int     // keys that there may be in the store from earlier syncs
	reads int     // of the store
	index *index  // nil until it pays
	given *filter // the keys given out to be sent in this sync

	mu      sync.Mutex
	pending map[string]*flight
}

// flight is the latest version of a key that was given out to be sent and is not settled.
type flight struct {
	entry
	count int // of its versions that are not settled
}

// meta is what is stored about a stream.
type meta struct {
	ID         uint32 `json:"id"`
	Key        string `json:"key"`
	Generation int64  `json:"generation"`
	// Open is true from the start of a sync to its close, so it tells of a sync that died.
	Open bool `json:"open"`
	// Torn is true where a sync of this generation died.
	Torn bool `json:"torn"`
	// Start is the first ordinal that was new in this generation.
	Start uint64 `json:"start"`
	// Next is an ordinal from which on all are free; those below may be taken.
	Next uint64 `json:"next"`
	// Newer is true where the stored generation before this one was a lesser one.
	Newer bool `json:"newer,omitempty"`
	// Finished is true once a sync that read this generation to its end has ended well.
	Finished bool `json:"finished,omitempty"`
	// Epoch counts the syncs that ended well, from a random number on.
	Epoch uint64 `json:"epoch"`
}

// Origin says what a stream's snapshot goes back to.
type Origin int

// The origins of a stream's snapshot.
const (
	Fresh     Origin = iota // there was none: every row is added
	Continued               // the syncs before
	Rekeyed                 // there was one with another primary key; it was dropped, and every row is added
)

// reserve is how many ordinals are taken at once, so that a new key costs no write of the meta.
const reserve = 1 << 20

// Stream opens a stream's part of the snapshot. The identity is all that makes what the endpoint knows of it another
// thing: stream, namespace, and whatever else the caller counts in. keyFields is a canonical text of the primary
// key's paths: where it differs from the stored one, the stored rows are dropped. See the package's
// comment on the generation.
func (s *Store) Stream(ctx context.Context, identity, keyFields string, generation int64) (*Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[identity] != nil {
		return nil, fmt.Errorf("opening the snapshot of stream %s: it is open already", identity)
	}
	st, err := s.openStream(identity, keyFields, generation)
	if err == nil && s.remote != nil {
		err = s.remote.note(ctx, st.intent(nil))
	}
	if err != nil {
		return nil, s.fail("opening stream "+identity+" of", err)
	}
	s.streams[identity] = st
	return st, nil
}

// openStream loads a stream, and notes that a sync of this generation is under way.
func (s *Store) openStream(identity, keyFields string, generation int64) (*Stream, error) {
	st := &Stream{store: s, identity: identity, pending: map[string]*flight{}, given: newFilter()}
	if err := st.load(keyFields); err != nil {
		return nil, err
	}
	st.start = int(st.next) //nolint:gosec // far below 2^63
	return st, st.begin(generation)
}

// load reads the stream's meta, or makes it where there is none for this key.
func (st *Stream) load(keyFields string) error {
	value, ok, err := st.store.get(metaKey(st.identity))
	if err != nil {
		return err
	}
	if ok {
		if err := json.Unmarshal(value, &st.meta); err != nil {
			return fmt.Errorf("%w (the meta of stream %s)", errMalformed, st.identity)
		}
		if st.meta.Key == keyFields {
			st.origin, st.next = Continued, st.meta.Next
			return nil
		}
		st.origin = Rekeyed
		if err := st.drop(); err != nil {
			return err
		}
	}
	st.store.lastID++
	st.meta, st.next = meta{ID: st.store.lastID, Key: keyFields, Epoch: rand.Uint64()}, 0
	return nil
}

// begin turns to a generation, unless the stored one goes on.
func (st *Stream) begin(generation int64) error {
	if st.meta.Generation == generation && generation != 0 {
		stored, _, err := st.store.get(streamKey(seenPrefix, st.meta.ID))
		if err != nil {
			return err
		}
		if st.before, err = decodeBitmap(stored); err != nil {
			return err
		}
		st.meta.Torn = st.meta.Torn || st.meta.Open
	}
	st.turn(generation)
	st.meta.Open = true
	return st.store.set(metaKey(st.identity), st.meta.encode(), pebble.Sync)
}

// turn starts a generation, unless it is the stored one.
func (st *Stream) turn(generation int64) {
	if st.meta.Generation != generation || generation == 0 {
		st.meta.Newer = st.meta.Generation > 0 && generation > st.meta.Generation
		st.meta.Generation, st.meta.Torn, st.meta.Finished, st.meta.Start = generation, false, false, st.next
	}
}

func (m meta) encode() []byte {
	text, _ := json.Marshal(m) // numbers, booleans and a string always encode
	return text
}

// drop deletes all that is stored below the stream's number, which is not used again.
func (st *Stream) drop() error {
	for _, prefix := range []byte{entryPrefix, rowPrefix} {
		err := st.store.db.DeleteRange(streamKey(prefix, st.meta.ID), streamKey(prefix, st.meta.ID+1), pebble.NoSync)
		if err != nil {
			return err
		}
	}
	return st.store.db.Delete(streamKey(seenPrefix, st.meta.ID), pebble.NoSync)
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

// nextOrdinal gives out an ordinal, and reserves more where none is left. The write of the reservation comes before
// that of any entry with one of these ordinals, and the log keeps the order, so a crash does not give one out twice.
func (st *Stream) nextOrdinal() (uint64, error) {
	if st.next == st.meta.Next {
		st.meta.Next += reserve
		if err := st.store.set(metaKey(st.identity), st.meta.encode(), pebble.NoSync); err != nil {
			return 0, err
		}
	}
	st.next++
	return st.next - 1, nil
}

// scan calls f with each key and value in a range; both are valid during the call.
func (s *Store) scan(from, to []byte, f func(key, value []byte) error) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return err
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		var value []byte
		if value, err = it.ValueAndErr(); err == nil {
			err = f(it.Key(), value)
		}
	}
	if closing := it.Close(); err == nil { // it repeats the iterator's error
		err = closing
	}
	return err
}

// Origin tells what the snapshot of this stream goes back to.
func (st *Stream) Origin() Origin { return st.origin }

// Repeated counts the rows whose key came before in this sync.
func (st *Stream) Repeated() int { return st.repeated }

// close stores what the stream's generation has seen and that its sync did not die.
func (st *Stream) close() error {
	st.meta.Open = false
	st.meta.Next = st.next
	batch := st.store.db.NewBatch()
	err := batch.Set(streamKey(seenPrefix, st.meta.ID), st.before.union(st.seen).encode(), nil)
	if err == nil {
		err = batch.Set(metaKey(st.identity), st.meta.encode(), nil)
	}
	if err == nil {
		err = st.store.apply(batch, pebble.Sync)
	}
	return err
}
