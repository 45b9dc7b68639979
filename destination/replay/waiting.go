package replay

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"

	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// Waiting is the rejected rows that each later sync tries again, until the endpoint takes them, a
// newer row of their key comes, or enough syncs have tried. It is safe for concurrent use.
//
// The archive is all that syncs know of each other. A dead letter that waits has an id, which it
// keeps when it is rejected again, and a line of the archive says which ids no longer wait. That
// line is stored before the newer row is sent, so that no sync sends the older one after it.
type Waiting struct {
	archive  deadletter.Archive
	names    []string // of the files that were there when the sync began
	maxSyncs int
	hash     payload.KeyHash

	mu      sync.Mutex
	streams map[protocol.StreamDescriptor]*waitingStream
	rows    map[string]*waitingRow // by id
	// Ids that no longer wait, though the archive does not say so yet.
	unstored []string
	counts   WaitingCounts
}

// WaitingCounts is what a sync has done with the rows that waited, and how many wait after it.
type WaitingCounts struct {
	Taken    int // rows that the endpoint took, or has already
	Refused  int // rows that it refused again
	Replaced int // rows that a newer one of their key replaced, or that left the source
	GivenUp  int // rows that enough syncs have tried: they stay dead letters
	Waiting  int // rows that the next sync tries
}

type waitingStream struct {
	route *route.Route
	keys  *payload.Keys
	ids   map[uint64][]string // of its rows with a key, by the hash of that
}

type waitingRow struct {
	stream *waitingStream
	hash   uint64 // of its key; 0 if it has none
	key    string // its ID
	syncs  int
	fresh  bool // rejected by this sync
}

// OpenWaiting reads from an archive which rows of the routes wait. hash is that of the sync's keys.
func OpenWaiting(ctx context.Context, archive deadletter.Archive, routes []*route.Route, hash payload.KeyHash, maxSyncs int) (*Waiting, error) {
	w := &Waiting{archive: archive, maxSyncs: maxSyncs, hash: hash,
		streams: make(map[protocol.StreamDescriptor]*waitingStream), rows: make(map[string]*waitingRow)}
	for _, r := range routes {
		w.streams[r.Stream] = &waitingStream{route: r, keys: payload.NewKeys(r), ids: make(map[uint64][]string)}
	}
	names, err := archive.Names(ctx)
	if err != nil {
		return nil, err
	}
	resolved := make(map[string]bool)
	for _, name := range names {
		switch err := archive.Read(ctx, name, func(line []byte) error { w.read(line, resolved); return nil }); {
		case errors.Is(err, deadletter.ErrInUse): // of another sync
		case err != nil:
			return nil, err
		default:
			w.names = append(w.names, name)
		}
	}
	return w, nil
}

// read takes a line of the archive, which is newer than those before it. A letter without an id
// does not wait, and yet replaces an older one of its key.
func (w *Waiting) read(line []byte, resolved map[string]bool) {
	if ids, ok := deadletter.ParseResolved(line); ok {
		for _, id := range ids {
			resolved[id] = true
			w.forget(id)
		}
		return
	}
	letter, err := deadletter.Parse(line)
	if err != nil {
		return
	}
	s := w.streams[letter.Stream]
	if s == nil {
		return
	}
	hash, key := w.keyOf(s, letter.Data)
	retry := letter.Rejection.Retry
	for _, older := range slices.Clone(s.ids[hash]) {
		if older != retry.ID && w.rows[older].key == key {
			w.forget(older)
			w.unstored = append(w.unstored, older)
		}
	}
	w.forget(retry.ID)
	if retry.ID != "" && !resolved[retry.ID] && retry.Syncs < w.maxSyncs {
		w.add(retry.ID, &waitingRow{stream: s, hash: hash, key: key, syncs: retry.Syncs})
	}
}

func (w *Waiting) keyOf(s *waitingStream, data []byte) (hash uint64, key string) {
	k := s.keys.Of(data)
	if len(k.Sent) == 0 {
		return 0, ""
	}
	return w.hash.Of(k.ID()), string(k.ID())
}

func (w *Waiting) add(id string, row *waitingRow) {
	w.rows[id] = row
	if row.hash != 0 {
		row.stream.ids[row.hash] = append(row.stream.ids[row.hash], id)
	}
}

func (w *Waiting) forget(id string) {
	row := w.rows[id]
	if row == nil {
		return
	}
	delete(w.rows, id)
	if row.hash == 0 {
		return
	}
	ids := row.stream.ids
	ids[row.hash] = slices.DeleteFunc(ids[row.hash], func(other string) bool { return other == id })
	if len(ids[row.hash]) == 0 {
		delete(ids, row.hash)
	}
}

// Waits reports whether a row of the stream may wait whose key has this hash.
func (w *Waiting) Waits(r *route.Route, hash uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.streams[r.Stream].ids[hash]) > 0
}

// Replace returns the ids of the rows that waited and that a record of their key replaces. The
// record is sent after the archive says so.
func (w *Waiting) Replace(r *route.Route, hash uint64, data []byte) (ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.streams[r.Stream]
	if len(s.ids[hash]) == 0 {
		return nil
	}
	_, key := w.keyOf(s, data)
	for _, id := range slices.Clone(s.ids[hash]) {
		if w.rows[id].key == key {
			w.forget(id)
			w.counts.Replaced++
			ids = append(ids, id)
		}
	}
	return ids
}

// Reject notes that a row was rejected and waits from now on. before is the retry that it was, if
// it was one. The dead letter has what Reject returns.
func (w *Waiting) Reject(r *route.Route, data []byte, before payload.Retry) payload.Retry {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.streams[r.Stream]
	hash, key := w.keyOf(s, data)
	retry := payload.Retry{ID: before.ID, Syncs: before.Syncs + 1}
	if before.ID == "" {
		retry = payload.Retry{ID: rand.Text()}
	} else {
		w.forget(before.ID)
		w.counts.Refused++
	}
	if retry.Syncs >= w.maxSyncs {
		w.counts.GivenUp++
	} else {
		w.add(retry.ID, &waitingRow{stream: s, hash: hash, key: key, syncs: retry.Syncs, fresh: true})
	}
	return retry
}

// Take notes that the endpoint has taken a row. The archive says so already.
func (w *Waiting) Take(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(id)
	w.counts.Taken++
}

// Resolve notes that a row no longer waits, as the endpoint has it already. The archive is told by
// what Unstored returns.
func (w *Waiting) Resolve(id string) {
	w.Take(id)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unstored = append(w.unstored, id)
}

// SourceRead notes that no row of the stream waits that this sync has not rejected: the source has read
// the stream to its end, and has them no more.
func (w *Waiting) SourceRead(r *route.Route) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, row := range w.rows {
		if row.stream.route == r && !row.fresh {
			w.forget(id)
			w.counts.Replaced++
			w.unstored = append(w.unstored, id)
		}
	}
}

// Unstored returns the ids of rows that no longer wait, though the archive does not say so.
func (w *Waiting) Unstored() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := w.unstored
	w.unstored = nil
	return ids
}

// Counts returns what became of the rows so far.
func (w *Waiting) Counts() WaitingCounts {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.counts
	c.Waiting = len(w.rows)
	return c
}
