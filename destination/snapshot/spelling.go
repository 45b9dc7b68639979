package snapshot

import (
	"bytes"
	"errors"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/canonical"
)

// A key can be written in several ways if it has a number, a list or an object in it: 1 and 1.0 are
// one key. Everything that is stored of it has the key as the endpoint got it first. If that is not
// its identity, the same for all ways, a spelling leads from there to it.

// spellings is what is known of a stream's spellings.
type spellings struct {
	any       atomic.Bool // there are some
	used      bool        // this sync has read keys that can be written in several ways
	canonical canonical.Canonicalizer
	buf, key  []byte
}

// Spelling returns the key by which the endpoint has what has this identity, or if there is nothing
// key itself, which it may get. added is set if it will. What is returned is valid until the next
// call.
func (st *Stream) Spelling(key, identity []byte, added bool) ([]byte, error) {
	st.spellings.used = true
	if found, err := st.spelling(st.store.db, identity); found != nil || err != nil {
		return found, err
	}
	if bytes.Equal(key, identity) {
		return key, nil
	}
	for _, k := range [][]byte{identity, key} {
		if _, ok, err := st.lookup(k); err != nil {
			return nil, st.store.fail("reading", err)
		} else if ok {
			return k, nil
		}
	}
	if !added {
		return key, nil
	}
	st.spellings.any.Store(true)
	return key, st.store.set(st.spellingKey(identity), key, pebble.NoSync)
}

func (st *Stream) spellingKey(identity []byte) []byte {
	st.spellings.buf = appendKey(st.spellings.buf[:0], spellPrefix, st.meta.ID, identity)
	return st.spellings.buf
}

// spelling reads where a spelling leads, nil if there is none.
func (st *Stream) spelling(from reader, identity []byte) ([]byte, error) {
	if !st.spellings.any.Load() {
		return nil, nil
	}
	value, closer, err := from.Get(st.spellingKey(identity))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, st.store.fail("reading", err)
	}
	st.spellings.key = append(st.spellings.key[:0], value...)
	return st.spellings.key, closer.Close()
}

// findSpellings looks whether there are any, so that a stream without them pays nothing for them.
func (st *Stream) findSpellings() error {
	none, err := st.store.empty(streamKey(spellPrefix, st.meta.ID), streamKey(spellPrefix, st.meta.ID+1))
	st.spellings.any.Store(!none)
	return err
}

// identityOf returns the identity of a stored key. Whether a text in it was a number is not stored;
// a spelling that leads from a number to a text is not looked at in a stream whose keys are texts.
func (st *Stream) identityOf(key []byte) []byte { return st.spellings.canonical.AppendKey(nil, key) }

// noteSpelling stores the spelling of a key that is stored without it.
func (st *Stream) noteSpelling(from reader, batch writeBatch, key []byte) error {
	identity := st.identityOf(key)
	if bytes.Equal(identity, key) {
		return nil
	}
	_, found, err := readEntry(from, appendKey(nil, entryPrefix, st.meta.ID, identity))
	if err != nil || found {
		return err
	}
	set(batch, st.spellingKey(identity), key, false)
	return nil
}

// noteSpellings stores those of a stream of versionBefore.
func (st *Stream) noteSpellings() error {
	batch := st.store.db.newBatch()
	err := st.entries(func(key []byte, _ entry) error {
		err := st.noteSpelling(st.store.db, batch, key)
		if err != nil || batch.Len() < rewritten {
			return err
		}
		full := batch
		batch = st.store.db.newBatch()
		return st.store.apply(full, pebble.NoSync)
	})
	if err == nil {
		err = st.store.apply(batch, pebble.NoSync)
	}
	return err
}

// superseded reports whether what has left is only one of several ways to write a key, another of
// which is there: snapshots of versionBefore may have both. It would be removed wrongly.
func (st *Stream) superseded(key []byte) (bool, error) {
	identity := st.identityOf(key)
	if !st.spellings.used || bytes.Equal(identity, key) {
		return false, nil
	}
	other, err := st.spelling(st.store.db, identity)
	if err != nil || bytes.Equal(other, key) {
		return false, err
	}
	if other == nil {
		other = identity
	}
	e, found, err := readEntry(st.store.db, appendKey(nil, entryPrefix, st.meta.ID, other))
	return found && !st.isUnseen(e), err
}

// forgetSpellings deletes those of keys that are not there.
func (st *Stream) forgetSpellings(batch writeBatch) error {
	if !st.spellings.any.Load() {
		return nil
	}
	from, to := st.graves()
	return st.store.scan(from, to, func(grave, _ []byte) error {
		key := grave[len(from):]
		identity := st.identityOf(key)
		leads, err := st.spelling(st.store.db, identity)
		if err != nil || !bytes.Equal(leads, key) {
			return err
		}
		_, found, err := readEntry(st.store.db, appendKey(nil, entryPrefix, st.meta.ID, key))
		if err == nil && !found {
			set(batch, st.spellingKey(identity), nil, true)
		}
		return err
	})
}
