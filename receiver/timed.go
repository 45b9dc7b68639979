package receiver

import (
	"net"
	"time"
)

// timedListener bounds how long its connections wait for clients that read nothing.
type timedListener struct{ net.Listener }

func (l timedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return timedConn{conn}, nil
}

// timedConn gives each piece of an answer its time. The server's own timeout is of no use: it
// begins with the request, and an answer may come hours later, or in parts.
type timedConn struct{ net.Conn }

func (c timedConn) Write(b []byte) (n int, err error) {
	for first := true; first || n < len(b) && err == nil; first = false {
		_ = c.SetWriteDeadline(time.Now().Add(writeTimeout)) // of a closed connection, which Write reports
		var written int
		written, err = c.Conn.Write(b[n:min(n+writePiece, len(b))])
		n += written
	}
	return n, err
}

// SetLinger is as TCPConn's, and does nothing for other connections.
func (c timedConn) SetLinger(seconds int) error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		return tcp.SetLinger(seconds)
	}
	return nil
}
