package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// conn is one connection, for one call at a time.
type conn struct {
	mu     sync.Mutex
	c      *pgx.Conn
	limit  time.Duration   // of a call
	stop   context.Context //nolint:containedctx // that of all calls
	failed func(error)     // is told of each error
}

// do calls f with the connection, and explains its error. A call that takes too long loses it.
func (c *conn) do(ctx context.Context, f func(ctx context.Context, c *pgx.Conn) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, cancel := withLimit(ctx, c.limit)
	defer cancel()
	defer context.AfterFunc(c.stop, cancel)()
	err := explain(ctx, f(ctx, c.c))
	if err != nil && !isOwn(err) {
		c.failed(err)
	}
	return err
}

// transact calls f in a transaction.
func (c *conn) transact(ctx context.Context, f func(ctx context.Context, tx pgx.Tx) error) error {
	return c.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error { return f(ctx, tx) })
	})
}

// pool has the connections that are free.
type pool chan *conn

// do is that of a connection which is free, or of the first one that will be.
func (p pool) do(ctx context.Context, f func(ctx context.Context, c *pgx.Conn) error) error {
	c := <-p
	defer func() { p <- c }()
	return c.do(ctx, f)
}

// closeTime bounds how long a connection is closed.
const closeTime = 5 * time.Second

func (c *conn) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return c.c.Close(ctx)
}
