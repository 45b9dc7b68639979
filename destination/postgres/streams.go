package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Meta returns the text that is stored of a stream; ok is false if there is none.
func (t *Tables) Meta(ctx context.Context, name string) (text []byte, ok bool, err error) {
	return t.one(ctx, "SELECT convert_to(meta, 'UTF8') FROM {streams} WHERE name = $1", name)
}

// Seen returns the bitmap of a stream.
func (t *Tables) Seen(ctx context.Context, id uint32) (bits []byte, ok bool, err error) {
	return t.one(ctx, "SELECT seen FROM {streams} WHERE id = $1 AND seen IS NOT NULL", int64(id))
}

// one reads one value.
func (t *Tables) one(ctx context.Context, statement string, key any) (value []byte, ok bool, err error) {
	err = t.readers.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		err := c.QueryRow(ctx, t.server.names.sql(statement), key).Scan(&value)
		if ok = err == nil; errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return value, ok, err
}

// Metas returns what is stored of all streams but what they have seen.
func (t *Tables) Metas(ctx context.Context) (all []Meta, err error) {
	err = t.readers.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, t.server.names.sql("SELECT name, id, convert_to(meta, 'UTF8') FROM {streams} ORDER BY name"))
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Meta, err error) {
			err = row.Scan(&m.Name, &m.ID, &m.Text)
			return m, err
		})
		return err
	})
	return all, err
}

// Intents calls f with the batches of a stream that were begun and are not confirmed, in their
// order; those of all streams if there is no name. One at a time is in memory.
func (t *Tables) Intents(ctx context.Context, stream string, f func(n Intent) error) error {
	n := Intent{}
	for after := int64(-1); ; after = int64(n.Number) { //nolint:gosec // from a sequence
		found := false
		err := t.readers.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
			err := c.QueryRow(ctx, t.server.names.sql("SELECT number, stream, data FROM {intents} WHERE number > $1 AND $2 IN (stream, '') ORDER BY number LIMIT 1"),
				after, stream).Scan(&n.Number, &n.Stream, &n.Data)
			if found = err == nil; errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			return err
		})
		if err != nil || !found {
			return err
		}
		if err := f(n); err != nil {
			return err
		}
	}
}
