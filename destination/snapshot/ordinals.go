package snapshot

import (
	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/snapshot/sets"
)

// reserve is how many ordinals are taken at once, so that a new key costs no write of the meta.
// Those that a sync did not use before it died are lost.
const reserve = 1 << 16

// reach is how far the ordinals of n entries may go before they are given out from 0: a bitmap over
// them is then four bits an entry, and what comes and goes cannot make it larger.
func reach(n uint64) uint64 { return 4*n + reserve }

// nextOrdinal gives out an ordinal, and reserves more if none is left. The write of the
// reservation comes before that of any entry with one of these ordinals, and the log keeps the
// order, so a crash does not give one out twice.
func (st *Stream) nextOrdinal() (uint64, error) {
	if st.next == st.meta.Next {
		st.meta.Next += reserve
		if err := st.store.set(metaKey(st.id.Stream), st.meta.encode(), pebble.NoSync); err != nil {
			return 0, err
		}
	}
	st.next++
	return st.next - 1, nil
}

// tidy takes ordinals back that no entry has, once they are many. It counts the entries for that,
// which is done again only when a multiple of them has been given out.
func (st *Stream) tidy() error {
	if !st.meta.Renumbering && st.next <= reach(st.meta.Entries) {
		return nil
	}
	var count, old, end uint64
	err := st.entries(func(_ []byte, e entry) error {
		count++
		end = max(end, e.ordinal+1)
		if e.ordinal < st.meta.Start {
			old++
		}
		return nil
	})
	if err != nil {
		return err
	}
	st.meta.Entries = count
	if st.meta.Renumbering || end > reach(count) {
		return st.renumber(old)
	}
	st.before.Cut(end)
	st.limit(end, min(st.meta.Start, end))
	return nil
}

// limit sets the first ordinal that is free, and the first of the generation.
func (st *Stream) limit(next, start uint64) { st.next, st.meta.Next, st.meta.Start = next, next, start }

// rewritten is how many bytes of entries are written at once.
const rewritten = 1 << 20

// renumber gives the entries new ordinals without gaps: first the old ones, which were there before
// this generation. What the generation has seen goes with them.
func (st *Stream) renumber(old uint64) error {
	st.meta.Renumbering = true
	if err := st.storeMeta(pebble.Sync); err != nil {
		return err
	}
	nextOld, next := uint64(0), old
	var seen sets.Bitmap
	batch := st.store.db.newBatch()
	err := st.entries(func(key []byte, e entry) error {
		n := &next
		if e.ordinal < st.meta.Start {
			n = &nextOld
		}
		if st.before.Has(e.ordinal) {
			seen.Add(*n)
		}
		e.ordinal = *n
		*n++
		set(batch, appendKey(nil, entryPrefix, st.meta.ID, key), e.append(nil), false)
		if batch.Len() < rewritten {
			return nil
		}
		full := batch
		batch = st.store.db.newBatch()
		return st.store.apply(full, pebble.NoSync)
	})
	if err == nil {
		err = st.store.apply(batch, pebble.NoSync)
	}
	st.before, st.meta.Renumbering = seen, false
	st.limit(next, old)
	return err
}
