package transport

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// conn is a connection that takes a request's body straight from memory. net/http writes the header
// through its buffer, and hands a body on loan to ReadFrom, which writes it at once instead of in
// pieces of 32 KiB through a buffer of its own. Under TLS crypto/tls is in between and ReadFrom is
// not used.
//
// It does not report that the other side has hung up on a write: net/http would look at that or at
// an answer that has come, whichever it sees first. The answer, if there is one, is read first, and
// the hang-up comes to whoever reads next. closed tells of it meanwhile.
type conn struct {
	net.Conn
	closed atomic.Bool // by the other side, before all was written

	taken  atomic.Int64 // bytes, by writes that are over
	mu     sync.Mutex   // held during a write
	failed bool         // a write has
}

func (c *conn) Write(b []byte) (int, error) {
	if c.closed.Load() {
		return len(b), nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := c.Conn.Write(b)
	c.taken.Add(int64(n))
	c.failed = c.failed || err != nil
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		c.closed.Store(true)
		return len(b), nil
	}
	return n, err
}

// written returns how many bytes were written, and whether a write has failed, once none is under
// way.
func (c *conn) written() (bytes int64, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken.Load(), c.failed
}

// connOf returns the conn below a connection, which TLS may hide; nil if there is none.
func connOf(c net.Conn) *conn {
	for c != nil {
		if own, ok := c.(*conn); ok {
			return own
		}
		outer, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		c = outer.NetConn()
	}
	return nil
}

var _ io.ReaderFrom = (*conn)(nil)

func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	if limited, ok := r.(*io.LimitedReader); ok {
		// The limit is the Content-Length, which is the body's own length.
		if b, ok := limited.R.(*body); ok {
			n, err := b.WriteTo(c)
			limited.N -= n
			return n, err
		}
	}
	return io.Copy(struct{ io.Writer }{c}, r)
}
