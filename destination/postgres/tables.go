package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Tables are open. Their methods are safe for concurrent use.
type Tables struct {
	server  *Server
	writer  *conn // it also holds the locks; nil: nothing is written
	readers pool
	conns   []*conn            // all of them
	ctx     context.Context    //nolint:containedctx // that of all calls
	stop    context.CancelFunc // ends it
	failed  atomic.Pointer[func(error)]
}

// Open connects, and makes or migrates the tables.
func (s *Server) Open(ctx context.Context) (t *Tables, err error) {
	t = newTables(s)
	if t.writer, err = t.connect(ctx); err == nil {
		err = s.migrate(ctx, t.writer)
	}
	for range lookups {
		if err == nil {
			err = t.addReader(ctx)
		}
	}
	if err != nil {
		t.Abandon()
		return nil, err
	}
	return t, nil
}

// lookups is how many queries run at once: one, while the answer to another is read.
const lookups = 2

func newTables(s *Server) *Tables {
	t := &Tables{server: s, readers: make(pool, lookups)}
	t.ctx, t.stop = context.WithCancel(context.Background())
	return t
}

// connect opens a connection, which Close closes.
func (t *Tables) connect(ctx context.Context) (*conn, error) {
	c, err := t.server.connect(ctx, t.ctx, t.fail)
	if err == nil {
		t.conns = append(t.conns, c)
	}
	return c, err
}

func (t *Tables) addReader(ctx context.Context) error {
	c, err := t.connect(ctx)
	if err == nil {
		t.readers <- c
	}
	return err
}

// OpenCopy opens the tables to read them as they are at this moment; nil if there are none.
func (s *Server) OpenCopy(ctx context.Context) (t *Tables, err error) {
	t = newTables(s)
	found := 0
	if err = t.addReader(ctx); err == nil {
		found, err = s.freeze(ctx, t.conns[0])
	}
	if err == nil && found > len(migrations) {
		err = errVersion
	}
	if err != nil || found == 0 {
		t.Abandon()
		return nil, err
	}
	return t, nil
}

// freeze begins a transaction in which the tables do not change, and returns their version.
func (s *Server) freeze(ctx context.Context, c *conn) (version int, err error) {
	err = c.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err == nil {
			version, err = s.version(ctx, tx)
		}
		return err
	})
	return version, err
}

// OnFailure makes f be told of each error of the server; it must not wait.
func (t *Tables) OnFailure(f func(error)) { t.failed.Store(&f) }

func (t *Tables) fail(err error) {
	if f := t.failed.Load(); f != nil {
		(*f)(err)
	}
}

// Probe reports whether Open would succeed. It makes the tables and takes them back.
func (s *Server) Probe(ctx context.Context) error {
	c, err := s.connect(ctx, context.Background(), func(error) {})
	if err != nil {
		return err
	}
	return errors.Join(s.tryWriting(ctx, c), c.close())
}

var errTried = errors.New("tried")

// tryWriting makes the tables if there are none, and writes to them, in a transaction that is
// rolled back.
func (s *Server) tryWriting(ctx context.Context, c *conn) error {
	tried := false
	err := c.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := s.migrateIn(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, s.names.sql("INSERT INTO {intents} (number, stream, data) VALUES (-1, '', '')")); err != nil {
			return err
		}
		tried = true
		return errTried
	})
	if tried {
		return nil
	}
	return err
}

// Lock takes the lock of a stream until Close. It fails if another process holds it.
func (t *Tables) Lock(ctx context.Context, stream string) error {
	return t.writer.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		b := &pgx.Batch{}
		b.Queue("SET LOCAL lock_timeout = '" + lockWait + "'")
		// The lock is that of the session, which outlives the transaction.
		b.Queue("SELECT pg_advisory_lock($1)", lockKey(t.server.names.shown, stream))
		err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error { return tx.SendBatch(ctx, b).Close() })
		if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) && answer.Code == lockNotAvailable {
			err = errInUse
		}
		return err
	})
}

const (
	// lockWait is how long a lock is waited for: that of a process which has just died is free once
	// the server has noticed.
	lockWait         = "5s"
	lockNotAvailable = "55P03"
)

// lockKey is the number of an advisory lock.
func lockKey(tables, stream string) int64 {
	sum := sha256.Sum256([]byte("destination-webhook\x00" + tables + "\x00" + stream))
	return int64(binary.BigEndian.Uint64(sum[:])) //nolint:gosec // all bits count
}

// NextID returns a number that no stream and no opening has had.
func (t *Tables) NextID(ctx context.Context) (id uint32, err error) {
	err = t.writer.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		return c.QueryRow(ctx, "SELECT nextval($1::regclass)", t.server.names.sql("{ids}")).Scan(&id)
	})
	return id, err
}

// String names the place without its credentials.
func (t *Tables) String() string { return t.server.String() }

// Close ends the connections, and with them the locks.
func (t *Tables) Close() error {
	defer t.stop()
	var errs []error
	for _, c := range t.conns {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

// Abandon ends calls that are under way, and the connections.
func (t *Tables) Abandon() {
	t.stop()
	_ = t.Close() // there is nothing to be saved
}
