package snapshot

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/snapshot/local"
)

// database holds a store's keys and values, see layout.go, in the order of the keys. Its methods
// are safe for concurrent use. The types of its calls are Pebble's, which is called for each row.
type database interface {
	reader
	// newBatch begins a number of writes that are committed together.
	newBatch() writeBatch
	// newIndexedBatch begins a batch whose reads see what it writes. Of the keys in the database it
	// will read these, as a rule.
	newIndexedBatch(keys [][]byte) (writeBatch, error)
	set(key, value []byte, how *pebble.WriteOptions) error
	commit(b writeBatch, how *pebble.WriteOptions) error
	// scan calls f with each key and value in a range; both are valid during the call.
	scan(from, to []byte, f func(key, value []byte) error) error
	// empty reports whether there is nothing in a range.
	empty(from, to []byte) (bool, error)
	// erase deletes a range, also from the disk.
	erase(from, to []byte) error
	Close() error
}

// reader reads values. It returns pebble.ErrNotFound if there is none, and otherwise the value,
// which is valid until the closer is closed.
type reader interface {
	Get(key []byte) (value []byte, closer io.Closer, err error)
}

// writeBatch is a number of writes. Its own methods cannot fail: they work in memory. It is closed
// unless it is committed.
type writeBatch interface {
	reader
	Set(key, value []byte, _ *pebble.WriteOptions) error
	Delete(key []byte, _ *pebble.WriteOptions) error
	DeleteRange(from, to []byte, _ *pebble.WriteOptions) error
	Len() int // bytes, about
	Close() error
}

// localDB is a database on a disk.
type localDB struct{ *local.DB }

func (d localDB) newBatch() writeBatch { return d.NewBatch() }

func (d localDB) newIndexedBatch([][]byte) (writeBatch, error) { return d.NewIndexedBatch(), nil }

func (d localDB) set(key, value []byte, how *pebble.WriteOptions) error {
	return d.Set(key, value, how)
}

func (localDB) commit(b writeBatch, how *pebble.WriteOptions) error {
	return b.(*pebble.Batch).Commit(how)
}

// scannedAtOnce is how many bytes one iterator reads. The disk keeps what compactions replace while
// there is an iterator that may still read it, so a long scan takes one after the other.
const scannedAtOnce = 1 << 20

func (d localDB) scan(from, to []byte, f func(key, value []byte) error) error {
	for {
		rest, err := d.scanSome(from, to, f)
		if rest == nil || err != nil {
			return err
		}
		from = rest
	}
}

// scanSome is scan for the beginning of a range. It returns where the rest begins, nil if there is
// none.
func (d localDB) scanSome(from, to []byte, f func(key, value []byte) error) (rest []byte, err error) {
	it, err := d.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return nil, err
	}
	read := 0
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		if read >= scannedAtOnce {
			rest = bytes.Clone(it.Key())
			break
		}
		var value []byte
		if value, err = it.ValueAndErr(); err == nil {
			read += len(it.Key()) + len(value)
			err = f(it.Key(), value)
		}
	}
	if closing := it.Close(); err == nil { // it repeats the iterator's error
		err = closing
	}
	return rest, err
}

func (d localDB) erase(from, to []byte) error {
	if empty, err := d.empty(from, to); empty || err != nil {
		return err
	}
	if err := d.DeleteRange(from, to, pebble.NoSync); err != nil {
		return err
	}
	return d.Compact(context.Background(), from, to, false)
}

func (d localDB) empty(from, to []byte) (bool, error) {
	err := d.scan(from, to, func([]byte, []byte) error { return errStopped })
	if errors.Is(err, errStopped) {
		return false, nil
	}
	return err == nil, err
}
