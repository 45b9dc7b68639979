package snapshot

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/snapshot/sets"
)

// Stream is the part of a store that belongs to one stream. Diff, Remove, CountUnseen and Unseen
// are for one goroutine at a time; Begin, Confirm and Commit may be called from any.
type Stream struct {
	store  *Store
	id     Identity
	origin Origin
	meta   meta
	next   uint64 // the first ordinal that is free

	digester     Digester
	keyBuf       []byte
	seen         sets.Bitmap // in this sync
	before       sets.Bitmap // in earlier attempts of its generation
	repeated     int
	finished     bool // this sync has ended well
	bypassed     bool
	reprogrammed bool

	start uint64       // the first ordinal that was free when the stream was opened; 0: there was no entry
	reads int          // of the store
	index *sets.Index  // nil until it pays
	given *sets.Filter // the keys given out to be sent in this sync

	tombstones atomic.Bool // whether there are any
	spellings  spellings

	mu      sync.Mutex
	pending map[string]*flight
}

// flight is the latest version of a key that was given out to be sent and is not settled.
type flight struct {
	entry
	count int // of its versions that are not settled
}

// Identity says whose rows a stream's are, and who has them.
type Identity struct {
	Stream string // a name that no other stream has
	Title  string // its name in messages
	// Endpoint is all that makes the endpoint another one, which then knows nothing of the rows.
	// Only a digest of it is stored.
	Endpoint string
	// EndpointBefore is what Endpoint was in a snapshot of versionBefore.
	EndpointBefore string
	Key            [][]string // the paths of the primary key's fields
	// Program is what makes of a row what is compared; "" if that is the row itself. Only a digest
	// of it is stored.
	Program string
}

// program returns what is stored of the program.
func (id *Identity) program() string {
	if id.Program == "" {
		return ""
	}
	return digestOf(id.Program)
}

// Reprogrammed reports whether the rows of the stream were compared by another program when the
// stream was opened last.
func (st *Stream) Reprogrammed() bool { return st.reprogrammed }

// Origin says what a stream's snapshot goes back to.
type Origin int

// The origins of a stream's snapshot. If there was one that does not fit, it is dropped, and
// every row is added.
const (
	Fresh     Origin = iota // there was none
	Continued               // the syncs before
	Rekeyed                 // there was one with another primary key
	Moved                   // there was one of another endpoint
)

// Stream opens a stream's part of the snapshot. See the package's comment on the generation.
func (s *Store) Stream(ctx context.Context, id Identity, generation int64) (*Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[id.Stream] != nil {
		return nil, fmt.Errorf("opening the snapshot of stream %s: it is open already", id.Title)
	}
	err := s.adopt(ctx, id.Stream)
	var st *Stream
	if err == nil {
		st, err = s.openStream(id, generation)
	}
	if err == nil && s.remote != nil {
		err = s.remote.PutIntent(ctx, st.encodeIntent(nil))
	}
	if err != nil {
		return nil, s.fail("opening stream "+id.Title+" of", err)
	}
	s.streams[id.Stream] = st
	return st, nil
}

// openStream loads a stream, and notes that a sync of this generation is under way.
func (s *Store) openStream(id Identity, generation int64) (*Stream, error) {
	st := &Stream{store: s, id: id, pending: map[string]*flight{}, given: sets.NewFilter()}
	if err := st.load(); err != nil {
		return nil, err
	}
	if err := st.findSpellings(); err != nil {
		return nil, err
	}
	if err := st.beginGeneration(generation); err != nil {
		return nil, err
	}
	if err := st.tidy(); err != nil {
		return nil, err
	}
	st.start = st.next
	st.bypassed, st.meta.Bypassed = st.meta.Bypassed, false
	st.meta.Open = true
	return st, st.storeMeta(pebble.Sync)
}

// beginGeneration starts a generation, unless the stored one goes on.
func (st *Stream) beginGeneration(generation int64) error {
	if st.meta.Open {
		st.meta.markIncomplete(st.meta.Generation)
	}
	if st.meta.Generation == generation || st.store.options.KeepGenerations {
		return st.continueGeneration()
	}
	st.meta.Start = st.next
	st.meta.beginGeneration(generation, st.origin != Continued)
	return nil
}

// continueGeneration takes in what the generation has seen. If a process died while it renumbered
// the entries, that is not known.
func (st *Stream) continueGeneration() error {
	if st.meta.Renumbering {
		st.meta.markIncomplete(st.meta.Generation)
		return nil
	}
	stored, _, err := st.store.get(streamKey(seenPrefix, st.meta.ID))
	if err != nil {
		return err
	}
	var known bool
	if st.before, known = sets.DecodeBitmap(stored); !known {
		return fmt.Errorf("%w (a bitmap of %d bytes)", errMalformed, len(stored))
	}
	return nil
}

// Origin tells what the snapshot of this stream goes back to.
func (st *Stream) Origin() Origin { return st.origin }

// Key returns the paths of the primary key's fields in the order in which the endpoint got them
// first.
func (st *Stream) Key() [][]string { return st.meta.Paths }

// Repeated counts the rows whose key came before in this sync.
func (st *Stream) Repeated() int { return st.repeated }

// close stores what the stream's generation has seen and that its sync did not die.
func (st *Stream) close() error {
	st.meta.Open = false
	st.meta.Next = st.next
	if st.start == 0 {
		st.meta.Entries = st.next // at most, and near enough not to count them
	}
	batch := st.store.db.newBatch()
	err := batch.Set(streamKey(seenPrefix, st.meta.ID), st.before.Union(st.seen).Encode(), nil)
	if err == nil && st.finished {
		err = st.forgetRemoved(batch)
	}
	if err == nil {
		err = batch.Set(metaKey(st.id.Stream), st.meta.encode(), nil)
	}
	if err == nil {
		err = st.store.apply(batch, pebble.Sync)
	}
	return err
}
