package transport

import (
	"bytes"
	"io"
)

// MaxCopy is how many bytes a body has that is copied instead of being lent.
const MaxCopy = 4 << 10

// Copy is the copied bytes of a small body. net/http knows how they are read, and writes them
// together with the header; it flushes the header of a body that it does not know, since that might
// come later. The zero value has no bytes.
type Copy struct {
	data   []byte
	reader bytes.Reader
	body   io.ReadCloser
}

// Set sets the bytes. No reader is used any more.
func (c *Copy) Set(data []byte) { c.data = append(c.data[:0], data...) }

// Open returns the first reader of the bytes, as a request's body.
func (c *Copy) Open() io.ReadCloser {
	c.reader.Reset(c.data)
	if c.body == nil {
		c.body = io.NopCloser(&c.reader)
	}
	return c.body
}

// Again returns another reader of the bytes, for a request that is sent again.
func (c *Copy) Again() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.data)), nil }
