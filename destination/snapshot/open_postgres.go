package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/postgres"
	"destination-webhook/destination/snapshot/disk"
)

// OpenPostgres opens the snapshot that a PostgreSQL database holds. Each stream is locked when it
// is opened.
func OpenPostgres(ctx context.Context, server *postgres.Server, o Options) (*Store, error) {
	opened, err := server.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening the snapshot in %s: %w", server, err)
	}
	s := newStore(vfs.Default, "", o, disk.Options{})
	s.tables = &tables{Tables: opened}
	s.db = s.tables
	opened.OnFailure(s.disk.Abandon)
	number, err := opened.NextID(ctx)
	if err != nil {
		return nil, errors.Join(s.fail("opening", err), s.release())
	}
	s.intent.Store(uint64(number) << 32) // above those of every opening before
	return s, nil
}

// ProbePostgres is Probe for a snapshot in a PostgreSQL database, which it leaves as it was.
func ProbePostgres(ctx context.Context, server *postgres.Server) error {
	if err := server.Probe(ctx); err != nil {
		return fmt.Errorf("opening the snapshot in %s: %w", server, err)
	}
	return nil
}

// adopt locks a stream of a snapshot that several syncs may use, and takes in what the last sync of
// it left. Other snapshots are locked, and take it in, when they are opened.
func (s *Store) adopt(ctx context.Context, stream string) error {
	if s.tables == nil {
		return nil
	}
	if err := s.tables.Lock(ctx, stream); err != nil {
		return err
	}
	err := s.tables.Intents(ctx, stream, func(found postgres.Intent) error {
		n, err := parseIntent(found.Data)
		if err != nil {
			return err
		}
		return s.markUncertain(n, intentKey(found.Number))
	})
	if err != nil || s.options.KeepRows {
		return err
	}
	st := &Stream{store: s, id: Identity{Stream: stream, Title: stream}}
	known, err := st.readMeta()
	if err != nil || !known {
		return err
	}
	return s.erase(streamKey(rowPrefix, st.meta.ID), streamKey(rowPrefix, st.meta.ID+1))
}

// metaID returns the number in the encoded meta of a stream.
func metaID(text []byte) (uint32, error) {
	var m meta
	if json.Unmarshal(text, &m) != nil {
		return 0, fmt.Errorf("%w (the meta of a stream)", errMalformed)
	}
	return m.ID, nil
}

// intentStream returns the name of the stream in an encoded intent.
func intentStream(text []byte) (string, error) {
	p := parser{rest: text}
	p.skip(1)
	name := string(p.bytes())
	if p.bad {
		return "", fmt.Errorf("%w (an intent of %d bytes)", errMalformed, len(text))
	}
	return name, nil
}

// OpenPostgresCopy opens a copy of the snapshot as it is at one moment, in a folder below scratch
// that the caller removes.
func OpenPostgresCopy(ctx context.Context, server *postgres.Server, scratch string, o Options) (*Store, error) {
	from, err := server.OpenCopy(ctx)
	if err != nil {
		return nil, fmt.Errorf("copying the snapshot in %s: %w", server, err)
	}
	s, err := Open(ctx, filepath.Join(scratch, "snapshot"), o)
	if err == nil && from != nil {
		if err = s.copyFrom(ctx, from); err == nil {
			err = s.load(false)
		}
		if err != nil {
			err = errors.Join(s.fail("copying", err), s.release())
		}
	}
	if from != nil {
		from.Abandon()
	}
	return s, err
}

// copyFrom writes what the tables hold to the store.
func (s *Store) copyFrom(ctx context.Context, from *postgres.Tables) error {
	metas, err := from.Metas(ctx)
	if err != nil {
		return err
	}
	c := &copier{store: s, batch: s.db.newBatch()}
	for _, m := range metas {
		if err := c.stream(ctx, from, m); err != nil {
			return err
		}
	}
	err = from.Intents(ctx, "", func(n postgres.Intent) error { return c.put(intentKey(n.Number), n.Data) })
	if err != nil {
		return err
	}
	return s.apply(c.batch, pebble.NoSync)
}

// copier writes to a store by batches.
type copier struct {
	store *Store
	batch writeBatch
}

func (c *copier) put(key, value []byte) error {
	set(c.batch, key, value, false)
	if c.batch.Len() < rewritten {
		return nil
	}
	full := c.batch
	c.batch = c.store.db.newBatch()
	return c.store.apply(full, pebble.NoSync)
}

func (c *copier) stream(ctx context.Context, from *postgres.Tables, m postgres.Meta) error {
	if err := c.put(metaKey(m.Name), m.Text); err != nil {
		return err
	}
	seen, known, err := from.Seen(ctx, m.ID)
	if err == nil && known {
		err = c.put(streamKey(seenPrefix, m.ID), seen)
	}
	if err != nil {
		return err
	}
	for prefix, table := range tableOf {
		if prefix == rowPrefix && !c.store.options.KeepRows {
			continue
		}
		err := from.Scan(ctx, table, m.ID, copied, func(key []byte, v *postgres.Value) error {
			return c.put(appendKey(nil, prefix, m.ID, key), appendValue(nil, table, v))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// copied is how many keys a copy reads at once.
const copied = 10_000
