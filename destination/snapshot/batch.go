package snapshot

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// Row is one row of a batch. Key and Data stay the caller's, who leaves them alone until the batch
// is settled.
type Row struct {
	Key     []byte
	Version Version // from Diff, Remove, RemoveUnknown or Unseen
	Data    []byte  // what is stored with KeepRows
	// Superseded is set by Unseen if another way to write the row's key was seen.
	Superseded bool
	// Rejected is set by the caller before Confirm if the endpoint refused the row for good.
	Rejected bool
	// Uncertain is set by the caller along with Rejected if the endpoint may have the row
	// nonetheless.
	Uncertain bool
}

func (r Row) removed() bool { return r.Version.digest == tombstone }

// Batch is a number of rows that are about to be sent together, in the order in which they are
// sent.
type Batch struct {
	stream *Stream
	number uint64
	rows   []Row
}

// Begin durably writes that these rows are about to be sent; the request must not start before it
// returns. A batch whose outcome is never known is left without Confirm, and its rows are uncertain
// in the next sync.
func (st *Stream) Begin(ctx context.Context, rows []Row) (*Batch, error) {
	b := &Batch{stream: st, number: st.store.intent.Add(1), rows: rows}
	if len(rows) == 0 {
		return b, nil
	}
	intent := st.encodeIntent(rows)
	err := st.store.set(intentKey(b.number), intent, pebble.Sync)
	if err == nil && st.store.remote != nil {
		err = st.store.remote.PutIntent(ctx, intent)
	}
	if err != nil {
		return nil, st.store.fail("noting a batch in", err)
	}
	return b, nil
}

// Confirm takes over what the endpoint confirmed: all rows but those marked as rejected, of which
// the snapshot keeps what it had. Batches that share a key are settled in the order in which they
// were sent.
func (b *Batch) Confirm() error {
	return b.stream.commit(b.rows, intentKey(b.number))
}

// Commit takes rows as confirmed that were never sent, because what is sent leaves their kind of
// change out.
func (st *Stream) Commit(rows []Row) error { return st.commit(rows, nil) }

// commit need not wait for the disk: a commit that is lost in a crash leaves the intent of the
// batch.
func (st *Stream) commit(rows []Row, intent []byte) error {
	batch, err := st.batchFor(rows)
	if err != nil {
		return st.store.fail("reading", err)
	}
	var buf []byte
	for _, row := range rows {
		if row.Rejected {
			buf, err = st.advance(batch, row, buf)
		} else {
			buf = st.write(batch, row, buf)
		}
		if err != nil {
			return errors.Join(st.store.fail("reading", err), batch.Close())
		}
	}
	if intent != nil {
		set(batch, intent, nil, true)
	}
	if err := st.store.apply(batch, pebble.NoSync); err != nil {
		return st.store.fail("writing", err)
	}
	st.removePending(rows)
	return nil
}

// batchFor begins a batch for rows. Rejected ones are read in it.
func (st *Stream) batchFor(rows []Row) (writeBatch, error) {
	var read [][]byte
	for _, row := range rows {
		if row.Rejected {
			read = append(read, appendKey(nil, entryPrefix, st.meta.ID, row.Key))
		}
	}
	if read == nil {
		return st.store.db.newBatch(), nil
	}
	return st.store.db.newIndexedBatch(read)
}

// write puts a confirmed row into a batch of the database, which copies it. It uses buf and returns
// it.
func (st *Stream) write(batch writeBatch, row Row, buf []byte) []byte {
	buf = appendKey(buf[:0], entryPrefix, st.meta.ID, row.Key)
	n := len(buf)
	buf = row.Version.append(buf)
	set(batch, buf[:n], buf[n:], row.removed())
	if st.store.options.KeepRows {
		buf[0] = rowPrefix
		set(batch, buf[:n], row.Data, row.removed())
	}
	switch {
	case row.removed():
		buf = st.bury(batch, row.Key, row.Version.revision, buf)
	case st.tombstones.Load():
		buf[0] = gravePrefix
		set(batch, buf[:n], nil, true)
	}
	return buf
}

// set has no error to report: a batch in memory takes everything.
func set(batch writeBatch, key, value []byte, remove bool) {
	if remove {
		_ = batch.Delete(key, nil)
		return
	}
	_ = batch.Set(key, value, nil)
}
