package receiver

import (
	"cmp"
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
	errTooManyBodies   = errors.New("the bodies under way are larger than this receiver reads at once")
	errTooManyRows     = errors.New("the rows under way are more than this receiver parses at once")
	errTooManyFields   = fmt.Errorf("the header has more than %d fields", maxHeaderFields)
	errUnknownEncoding = errors.New("the Content-Encoding is none of identity, gzip and zstd")
)

// bodyReader reads bodies within bounds.
type bodyReader struct {
	limit  int64 // bytes of one body
	memory *budget
}

// read reads and decompresses the body of a request. The caller returns the memory when it has
// answered, even after an error.
func (b bodyReader) read(q *Request, req *http.Request) (memory int64, err error) {
	wire := &wireReader{r: req.Body, limit: b.limit + maxWireOverhead}
	defer func() { q.WireBytes, q.Bytes = wire.n, int64(len(q.Body)) }()

	encoding := req.Header.Get("Content-Encoding")
	window := b.window(encoding)
	if !b.memory.take(window) {
		return 0, errTooManyBodies
	}
	defer b.memory.give(window)
	plain, err := decompress(wire, encoding)
	if err != nil {
		_, _ = io.Copy(io.Discard, wire) // a body that was read to its end keeps the connection usable
		return 0, err
	}
	defer plain.Close()

	q.Body, memory, err = b.readAll(plain, req.ContentLength)
	switch { // a decoder may report another error, or none
	case wire.exceeded:
		err = fmt.Errorf("%w: %d bytes on the wire", errBodyTooLarge, wire.limit)
	case err == nil:
		err = wire.err
	}
	if err != nil {
		return memory, fmt.Errorf("reading the body: %w", err)
	}
	return memory, nil
}

// window returns the memory of a decoder. That of zstd holds what it has decoded last.
func (b bodyReader) window(encoding string) int64 {
	if encoding == "zstd" {
		return min(maxZstdWindow, b.limit)
	}
	return 0
}

// readAll reads until EOF. It takes memory as the body grows, never for what a header announces.
// The body grows by pieces, which are joined at the end: none is copied before, and none is left
// behind.
func (b bodyReader) readAll(r io.Reader, announced int64) (body []byte, memory int64, err error) {
	var pieces [][]byte
	var size int64
	for want := initialSize(announced); ; want = min(size, maxPiece) {
		want = min(want, b.limit+1-size)
		if !b.memory.take(want) {
			return nil, memory, errTooManyBodies
		}
		memory += want
		piece, err := fill(r, make([]byte, 0, want))
		pieces, size = append(pieces, piece), size+int64(len(piece))
		switch {
		case size > b.limit:
			return nil, memory, fmt.Errorf("%w: %d bytes", errBodyTooLarge, b.limit)
		case errors.Is(err, io.EOF):
			return b.join(pieces, size, memory)
		case err != nil:
			return nil, memory, err
		}
	}
}

// join returns pieces of some size as one body, for which it replaces their memory. One that is
// nearly full stays as it is.
func (b bodyReader) join(pieces [][]byte, size, memory int64) ([]byte, int64, error) {
	if len(pieces) == 1 && memory-size <= max(size/4, 64) {
		return pieces[0], memory, nil
	}
	if !b.memory.take(size) {
		return nil, memory, errTooManyBodies
	}
	body := make([]byte, 0, size) // as slices.Concat, which takes it twice under the race detector
	for _, piece := range pieces {
		body = append(body, piece...)
	}
	b.memory.give(memory)
	return body, size, nil
}

// fill reads from r until a piece has its capacity.
func fill(r io.Reader, piece []byte) ([]byte, error) {
	for len(piece) < cap(piece) {
		read, err := r.Read(piece[len(piece):cap(piece)])
		piece = piece[:len(piece)+read]
		if err != nil {
			return piece, err
		}
	}
	return piece, nil
}

// initialSize trusts an announced length only as far as it costs little.
func initialSize(announced int64) int64 {
	if announced < 0 {
		return 4 << 10
	}
	return min(announced+1, 1<<20) // one more byte to see the end
}

// wireReader counts the bytes that arrive, before decompression, and reads no more than its limit:
// frames without content would otherwise be read forever. It keeps the error that the body ended
// with: a decoder of zstd takes a body that was cut before its first byte for an empty one.
type wireReader struct {
	r        io.Reader
	n, limit int64
	exceeded bool
	err      error // other than io.EOF
}

func (w *wireReader) Read(p []byte) (int, error) {
	if w.n >= w.limit {
		w.exceeded = true
		return 0, errBodyTooLarge
	}
	n, err := w.r.Read(p[:min(int64(len(p)), w.limit-w.n)])
	w.n += int64(n)
	if !errors.Is(err, io.EOF) {
		w.err = cmp.Or(w.err, err)
	}
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
