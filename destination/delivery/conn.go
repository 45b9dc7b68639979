package delivery

import (
	"io"
	"net"
)

// conn is a connection that takes a request's body straight from memory. net/http fills its buffer
// with the header and the body's beginning, writes that, and hands the rest to ReadFrom, which
// writes it at once instead of in pieces of 32 KiB through a buffer of its own. Under TLS
// crypto/tls is in between and ReadFrom is not used.
type conn struct{ net.Conn }

var _ io.ReaderFrom = (*conn)(nil)

func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	if limited, ok := r.(*io.LimitedReader); ok {
		// The limit is the Content-Length, which is the body's own length.
		if b, ok := limited.R.(*body); ok {
			n, err := b.WriteTo(c.Conn)
			limited.N -= n
			return n, err
		}
	}
	return io.Copy(c.Conn, r)
}
