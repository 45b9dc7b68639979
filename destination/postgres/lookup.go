package postgres

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Keys are keys of a table and a stream.
type Keys struct {
	Table  Table
	Stream uint32
	Keys   [][]byte
}

// Lookup calls found with what is stored of keys, in any order: one query for each table and
// stream, all at once. What found gets is valid during the call.
func (t *Tables) Lookup(ctx context.Context, all []Keys, found func(k *Keys, key []byte, v *Value) error) error {
	var failed error // of found, which is not the server's
	err := t.readers.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		b := &pgx.Batch{}
		for i := range all {
			k := &all[i]
			b.Queue(t.server.names.statements[k.Table].lookup, int64(k.Stream), indexedAll(k.Keys)).Query(func(rows pgx.Rows) error {
				return read(rows, k.Table, func(key []byte, v *Value) error {
					if failed == nil {
						failed = found(k, key, v)
					}
					return nil
				})
			})
		}
		return c.SendBatch(ctx, b).Close()
	})
	return cmp.Or(err, failed)
}

// read calls f with each row of an answer.
func read(rows pgx.Rows, t Table, f func(key []byte, v *Value) error) error {
	defer rows.Close()
	var v Value
	for rows.Next() {
		raw := rows.RawValues()
		key, values := raw[0], raw[2:]
		if long := raw[1]; long != nil {
			key = long
		}
		for i, c := range tables[t].columns {
			if c.bytes != nil {
				*c.bytes(&v) = values[i]
				continue
			}
			if len(values[i]) != 8 {
				return errNumber
			}
			*c.number(&v) = binary.BigEndian.Uint64(values[i])
		}
		if err := f(key, &v); err != nil {
			return err
		}
	}
	return rows.Err()
}

var errNumber = errors.New("a number in the snapshot's tables is not one")

// item is a key and its value.
type item struct {
	key   []byte
	value Value
}

const (
	// pageRows bounds how many rows of a table a scan has in memory. Rows of the source are larger.
	pageRows     = 10_000
	pageDataRows = 200
)

// Scan calls f with what is stored of a stream in a table, in the order of the index. What f writes
// to keys that it has got does not disturb it. What it gets is valid during the call.
func (t *Tables) Scan(ctx context.Context, table Table, stream uint32, limit int, f func(key []byte, v *Value) error) error {
	if table == Rows {
		limit = min(limit, pageDataRows)
	}
	limit = min(limit, pageRows)
	after := []byte{}
	for {
		page, err := t.page(ctx, table, stream, after, limit)
		if err != nil {
			return err
		}
		for i := range page {
			if err := f(page[i].key, &page[i].value); err != nil {
				return err
			}
		}
		if len(page) < limit {
			return nil
		}
		after, _ = indexed(page[len(page)-1].key)
	}
}

// page reads the next rows of a scan.
func (t *Tables) page(ctx context.Context, table Table, stream uint32, after []byte, limit int) (page []item, err error) {
	err = t.readers.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, t.server.names.statements[table].scan, int64(stream), after, limit)
		if err != nil {
			return err
		}
		return read(rows, table, func(key []byte, v *Value) error {
			page = append(page, item{clone(key), Value{
				Digest: clone(v.Digest), Sent: clone(v.Sent), Data: clone(v.Data), Ordinal: v.Ordinal, Born: v.Born, Changes: v.Changes,
			}})
			return nil
		})
	})
	return page, err
}

func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}
