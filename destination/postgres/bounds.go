package postgres

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Bounds on what a server sends, in bytes. A message has its memory as soon as its length is known,
// and parameters are kept while the connection lasts.
const (
	maxRow        = 300 << 20 // the longest line of the input, and what a key adds
	maxMessage    = 1 << 20   // any other
	maxParameters = 64 << 10  // of all of them
)

var errTooMuch = errors.New("the server sends more than PostgreSQL does: see what answers at the URL's host and port")

// newFrontend is the library's, with the bounds above.
func newFrontend(r io.Reader, w io.Writer) *pgproto3.Frontend {
	return pgproto3.NewFrontend(&messages{r: r}, w)
}

// messages looks at the lengths of the messages that pass.
type messages struct {
	r          io.Reader
	head       [5]byte // type and length of the next one
	have       int     // bytes of it
	left       int64   // of the message
	parameters int64
}

func (m *messages) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if excess := m.pass(p[:n]); excess != nil {
		return 0, excess
	}
	return n, err
}

// pass returns errTooMuch if a message among the bytes exceeds its bound.
func (m *messages) pass(b []byte) error {
	for len(b) > 0 {
		if m.left > 0 {
			n := min(m.left, int64(len(b)))
			m.left, b = m.left-n, b[n:]
			continue
		}
		n := copy(m.head[m.have:], b)
		m.have, b = m.have+n, b[n:]
		if m.have < len(m.head) {
			return nil
		}
		m.have = 0
		if err := m.begin(m.head[0], int64(binary.BigEndian.Uint32(m.head[1:]))-4); err != nil {
			return err
		}
	}
	return nil
}

// begin takes the length of a message. The library refuses a negative one.
func (m *messages) begin(kind byte, length int64) error {
	const dataRow, parameterStatus, each = 'D', 'S', 100 // what a parameter takes besides its text
	limit := int64(maxMessage)
	switch kind {
	case dataRow:
		limit = maxRow
	case parameterStatus:
		m.parameters += length + each
	}
	if length > limit || m.parameters > maxParameters {
		return errTooMuch
	}
	m.left = max(0, length)
	return nil
}
