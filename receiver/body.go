package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Why a body could not be read; each error has its own status.
var (
	errBodyTooLarge    = errors.New("the body is larger than this receiver reads")
	errUnknownEncoding = errors.New("the Content-Encoding is none of identity, gzip and zstd")
)

// wireCounter counts the bytes that arrived, before decompression.
type wireCounter struct {
	r io.Reader
	n int64
}

func (c *wireCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// readBody reads and decompresses the body, up to limit bytes of it.
func readBody(q *Request, req *http.Request, limit int64) error {
	wire := &wireCounter{r: req.Body}
	defer func() { q.WireBytes, q.Bytes = wire.n, int64(len(q.Body)) }()

	plain, err := decompress(wire, req.Header.Get("Content-Encoding"))
	if err != nil {
		_, _ = io.CopyN(io.Discard, wire, limit) // a body read to its end keeps the connection
		return err
	}
	defer plain.Close()

	var body bytes.Buffer
	if hint := req.ContentLength; hint > 0 && hint <= limit && hint <= 16<<20 {
		body.Grow(int(hint) + bytes.MinRead) // MinRead avoids the last doubling
	}
	if _, err := body.ReadFrom(io.LimitReader(plain, limit+1)); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	if int64(body.Len()) > limit {
		return fmt.Errorf("%w: %d bytes", errBodyTooLarge, limit)
	}
	q.Body = body.Bytes()
	if spare := cap(q.Body) - len(q.Body); spare > len(q.Body)/4 && spare > 4096 {
		q.Body = bytes.Clone(q.Body) // a buffer that has doubled would count for up to twice what it holds
	}
	return nil
}

// readHalf reads half of the body, so that the connection breaks in its middle.
func readHalf(q *Request, req *http.Request) {
	half := max(req.ContentLength/2, 1)
	q.WireBytes, _ = io.CopyN(io.Discard, req.Body, half)
}

func decompress(r io.Reader, encoding string) (io.ReadCloser, error) {
	switch encoding {
	case "", "identity":
		return io.NopCloser(r), nil
	case "gzip":
		plain, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("reading the gzip header: %w", err)
		}
		return plain, nil
	case "zstd":
		plain, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("reading the zstd header: %w", err)
		}
		return plain.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("%w: %q", errUnknownEncoding, encoding)
}
