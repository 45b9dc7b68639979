package snapshot

import (
	"errors"
	"runtime"
	"sync"

	"destination-webhook/destination/snapshot/sets"
)

const (
	// maxLoaders is how many goroutines load an index at most.
	maxLoaders = 4
	// loadedAtOnce is how many entries a loader puts into the index at once.
	loadedAtOnce = 1024
	// minReads and readShare say when a sync has read so much of a stream that it pays to load the
	// rest: an incremental sync of a few rows never does.
	minReads  = 1000
	readShare = 16
)

// countRead loads the index when a sync has read enough of the store.
func (st *Stream) countRead() error {
	if st.store.tables != nil {
		return nil // it looks ahead instead
	}
	st.reads++
	if st.reads != max(minReads, int(st.meta.Entries/readShare)) { //nolint:gosec // far below 2^63
		return nil
	}
	return st.loadIndex()
}

// loader puts the entries of a stream into an index, until there are more than it has room for.
type loader struct {
	stream *Stream
	mu     sync.Mutex
	index  *sets.Index
	room   uint64 // how many more entries the index takes
}

// loadIndex takes in what is not seen yet. What is in flight was seen, so its stored version stays
// out.
func (st *Stream) loadIndex() error {
	n, err := st.mostUnseen()
	if err != nil || n > sets.MaxEntries || st.next > sets.MaxOrdinal {
		return err
	}
	l := &loader{stream: st, index: sets.NewIndex(int(n)), room: n} //nolint:gosec // see sets.MaxEntries
	err = l.loadAll(st.ranges(min(maxLoaders, runtime.GOMAXPROCS(0))))
	switch {
	case err == nil:
		st.index = l.index
	case errors.Is(err, errStopped):
		err = nil // ordinals are not what they should be: do without
	}
	return err
}

// loadAll loads ranges of the database at the same time: while the owner of the sync waits for the
// index, the other cores have nothing else to do. bounds are where one range ends and the next one
// begins.
func (l *loader) loadAll(bounds [][]byte) error {
	errs := make([]error, len(bounds)-1)
	var running sync.WaitGroup
	for i := range errs[1:] {
		running.Go(func() { errs[i] = l.load(bounds[i], bounds[i+1]) })
	}
	last := len(errs) - 1
	errs[last] = l.load(bounds[last], bounds[last+1])
	running.Wait()
	var stopped error
	for _, err := range errs {
		if err != nil && !errors.Is(err, errStopped) {
			return err
		}
		stopped = errors.Join(stopped, err)
	}
	return stopped
}

// load loads a range.
func (l *loader) load(from, to []byte) error {
	st := l.stream
	loaded := make([]sets.Entry, 0, loadedAtOnce)
	err := st.entriesIn(from, to, func(_ []byte, e entry) error {
		if st.seen.Has(e.ordinal) || e.digest.uncertain() {
			return nil
		}
		loaded = append(loaded, sets.Entry{Digest: e.digest, Ordinal: uint32(e.ordinal)}) //nolint:gosec // see loadIndex
		if len(loaded) < loadedAtOnce {
			return nil
		}
		err := l.add(loaded)
		loaded = loaded[:0]
		return err
	})
	if err != nil {
		return err
	}
	return l.add(loaded)
}

func (l *loader) add(entries []sets.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if uint64(len(entries)) > l.room {
		return errStopped
	}
	l.room -= uint64(len(entries))
	for _, e := range entries {
		l.index.Add(e)
	}
	return nil
}

// ranges parts the stream's entries in the database into up to n ranges of about the same size, and
// returns their bounds. Each begins where a file does.
func (st *Stream) ranges(n int) [][]byte {
	from, to := streamKey(entryPrefix, st.meta.ID), streamKey(entryPrefix, st.meta.ID+1)
	if n == 1 || st.store.local == nil {
		return [][]byte{from, to}
	}
	return st.store.local.Ranges(from, to, n)
}

// mostUnseen returns how many entries that are not seen there are at most: each has an ordinal of
// its own. If there may be far more ordinals than entries, it counts the entries.
func (st *Stream) mostUnseen() (n uint64, err error) {
	if free := st.next - st.seen.Count(); free <= st.meta.Entries+st.meta.Entries/8 {
		return free, nil
	}
	err = st.entries(func(_ []byte, e entry) error {
		if !st.seen.Has(e.ordinal) {
			n++
		}
		return nil
	})
	return n, err
}
