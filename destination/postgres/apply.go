package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Write sets what is stored of a key, or deletes it if Value is nil.
type Write struct {
	Table  Table
	Stream uint32
	Key    []byte
	Value  *Value
}

// Intent is a batch that was begun; without data, one that is confirmed.
type Intent struct {
	Number uint64
	Stream string // its name
	Data   []byte
}

// Meta is what is stored of a stream itself. What is nil stays as it is.
type Meta struct {
	Name string
	ID   uint32
	Text []byte
	Seen []byte
}

// Changes are written in one transaction. No two of the writes have one key.
type Changes struct {
	Erased  []Keys // whose Keys are nil: all of a stream in a table, before the writes
	Writes  []Write
	Intents []Intent
	Metas   []Meta
	// Lazy does not wait for the server's disk: a crash of the server may lose the changes, and all
	// that came after them.
	Lazy bool
}

// Apply writes changes: one statement for each table and kind of change, all sent at once.
func (t *Tables) Apply(ctx context.Context, c *Changes) error {
	return t.writer.do(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		b := &pgx.Batch{}
		if c.Lazy {
			b.Queue("SET LOCAL synchronous_commit = off")
		}
		for _, k := range c.Erased {
			b.Queue(t.server.names.sql("DELETE FROM {"+tables[k.Table].name+"} WHERE stream = $1"), int64(k.Stream))
		}
		t.queueWrites(b, c.Writes)
		t.queueIntents(b, c.Intents)
		t.queueMetas(b, c.Metas)
		if b.Len() == 0 {
			return nil
		}
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return tx.SendBatch(ctx, b).Close() })
	})
}

// kind is what one statement does.
type kind struct {
	table  Table
	stream uint32
	remove bool
}

// queueWrites queues a statement for each kind of write.
func (t *Tables) queueWrites(b *pgx.Batch, writes []Write) {
	kinds := map[kind][]Write{}
	for _, w := range writes {
		k := kind{w.Table, w.Stream, w.Value == nil}
		kinds[k] = append(kinds[k], w)
	}
	for k, writes := range kinds {
		keys, long := make([][]byte, len(writes)), make([][]byte, len(writes))
		for i := range writes {
			keys[i], long[i] = indexed(writes[i].Key)
		}
		statements := &t.server.names.statements[k.table]
		if k.remove {
			b.Queue(statements.remove, int64(k.stream), keys)
			continue
		}
		b.Queue(statements.upsert, append([]any{int64(k.stream), keys, long}, columnsOf(k.table, writes)...)...)
	}
}

// columnsOf returns an array for each column.
func columnsOf(t Table, writes []Write) (arrays []any) {
	for _, c := range tables[t].columns {
		if c.bytes != nil {
			column := make([][]byte, len(writes))
			for i := range writes {
				column[i] = *c.bytes(writes[i].Value)
			}
			arrays = append(arrays, column)
			continue
		}
		column := make([]int64, len(writes))
		for i := range writes {
			column[i] = int64(*c.number(writes[i].Value)) //nolint:gosec // all bits come back
		}
		arrays = append(arrays, column)
	}
	return arrays
}

func (t *Tables) queueIntents(b *pgx.Batch, intents []Intent) {
	for _, n := range intents {
		if n.Data == nil {
			b.Queue(t.server.names.sql("DELETE FROM {intents} WHERE number = $1"), int64(n.Number)) //nolint:gosec // from a sequence
			continue
		}
		b.Queue(t.server.names.sql("INSERT INTO {intents} (number, stream, data) VALUES ($1, $2, $3)"), int64(n.Number), n.Stream, n.Data) //nolint:gosec // from a sequence
	}
}

func (t *Tables) queueMetas(b *pgx.Batch, metas []Meta) {
	for _, m := range metas {
		if m.Text == nil {
			b.Queue(t.server.names.sql("UPDATE {streams} SET seen = $2 WHERE id = $1"), int64(m.ID), m.Seen)
			continue
		}
		b.Queue(t.server.names.sql("INSERT INTO {streams} (name, id, meta) VALUES ($1, $2, $3) "+
			"ON CONFLICT (name) DO UPDATE SET id = excluded.id, meta = excluded.meta"), m.Name, int64(m.ID), string(m.Text))
	}
}

// Erase deletes all of a stream in a table, in several transactions.
func (t *Tables) Erase(ctx context.Context, table Table, stream uint32) error {
	for {
		var n int64
		err := t.writer.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
			tag, err := c.Exec(ctx, t.server.names.statements[table].erase, int64(stream))
			n = tag.RowsAffected()
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
