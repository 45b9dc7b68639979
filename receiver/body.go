package receiver

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Why a body could not be read; each error has its own status.
var (
	errBodyTooLarge    = errors.New("the body is larger than this receiver reads")
	errTooManyBodies   = errors.New("the bodies under way are larger than this receiver reads at once")
	errTooManyFields   = fmt.Errorf("the header has more than %d fields", maxHeaderFields)
	errUnknownEncoding = errors.New("the Content-Encoding is none of identity, gzip and zstd")
)

// bodyReader reads bodies within bounds.
type bodyReader struct {
	limit  int64 // bytes of one body
	memory *budget
}

// read reads and decompresses the body of a request. The caller returns the memory when it has
// answered, also after an error.
func (b bodyReader) read(q *Request, req *http.Request) (memory int64, err error) {
	wire := &wireReader{r: req.Body, limit: b.limit + maxWireOverhead}
	defer func() { q.WireBytes, q.Bytes = wire.n, int64(len(q.Body)) }()

	plain, err := decompress(wire, req.Header.Get("Content-Encoding"))
	if err != nil {
		_, _ = io.Copy(io.Discard, wire) // a body that was read to its end keeps the connection usable
		return 0, err
	}
	defer plain.Close()

	body, memory, err := b.readAll(plain, req.ContentLength)
	if wire.exceeded { // a decoder may report another error then
		err = fmt.Errorf("%w: %d bytes on the wire", errBodyTooLarge, wire.limit)
	}
	if err != nil {
		return memory, fmt.Errorf("reading the body: %w", err)
	}
	if spare := cap(body) - len(body); spare > len(body)/4 && spare > 4096 {
		body = slices.Clip(slices.Clone(body)) // what is kept must not hold a buffer that it does not fill
	}
	q.Body = body
	return memory, nil
}

// readAll reads until EOF. It takes memory as the body grows, never for what a header announces.
func (b bodyReader) readAll(r io.Reader, announced int64) (body []byte, memory int64, err error) {
	for want := initialSize(announced); ; want = growth(cap(body)) {
		want = min(want, b.limit+1-int64(len(body)))
		if !b.memory.take(want) {
			return nil, memory, errTooManyBodies
		}
		memory += want
		body = slices.Grow(body, int(want))
		body, err = fill(r, body, int(want))
		switch {
		case int64(len(body)) > b.limit:
			return nil, memory, fmt.Errorf("%w: %d bytes", errBodyTooLarge, b.limit)
		case errors.Is(err, io.EOF):
			return body, memory, nil
		case err != nil:
			return nil, memory, err
		}
	}
}

// fill appends up to n bytes of r to body.
func fill(r io.Reader, body []byte, n int) ([]byte, error) {
	end := len(body) + n
	for len(body) < end {
		read, err := r.Read(body[len(body):end])
		body = body[:len(body)+read]
		if err != nil {
			return body, err
		}
	}
	return body, nil
}

// initialSize trusts an announced length only as far as it costs little.
func initialSize(announced int64) int64 {
	if announced < 0 {
		return 4 << 10
	}
	return min(announced+1, 1<<20) // one more byte to see the end
}

// growth doubles small bodies and extends large ones by a quarter.
func growth(size int) int64 {
	if size < 1<<20 {
		return int64(size)
	}
	return int64(size / 4)
}

// wireReader counts the bytes that arrive, before decompression, and reads no more than its limit:
// frames without content would otherwise be read for ever.
type wireReader struct {
	r        io.Reader
	n, limit int64
	exceeded bool
}

func (w *wireReader) Read(p []byte) (int, error) {
	if w.n >= w.limit {
		w.exceeded = true
		return 0, errBodyTooLarge
	}
	n, err := w.r.Read(p[:min(int64(len(p)), w.limit-w.n)])
	w.n += int64(n)
	return n, err
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
		plain, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, fmt.Errorf("reading the zstd header: %w", err)
		}
		return plain.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("%w: %q", errUnknownEncoding, encoding)
}
