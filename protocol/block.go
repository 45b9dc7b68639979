package protocol

import (
	"bytes"
	"errors"
	"io"
)

// maxLine is the longest line accepted, in bytes, its newline included. The platform sets no limit,
// and lines of tens of megabytes are legal; this one keeps memory bounded.
const maxLine = 256 << 20

// errLineTooLong is the error of a line that exceeds maxLine.
var errLineTooLong = errors.New("longer than 256 MiB, the longest line that is read")

// BlockReader cuts a byte stream into blocks of whole lines. It is not safe for concurrent use.
type BlockReader struct {
	r     io.Reader
	carry []byte // the line begun at the end of the last block
	err   error  // of the last read, due once its bytes are out
	max   int
}

// NewBlockReader returns a BlockReader on r.
func NewBlockReader(r io.Reader) *BlockReader { return &BlockReader{r: r, max: maxLine} }

// Next reads into buf, which has a length above zero and of maxLine at most, until it holds at
// least one whole line, and returns the whole lines: a block that ends in a newline, even if the
// last line of the stream has none. It returns as soon as it has one, so that a slow stream's lines
// do not wait for a full block.
//
// The block aliases buf unless a line did not fit, then a larger buffer. The error is io.EOF at the
// end of the stream, errLineTooLong, or the reader's own; no block comes with it.
func (r *BlockReader) Next(buf []byte) ([]byte, error) {
	if len(r.carry) >= len(buf) {
		buf = make([]byte, min(2*len(r.carry), r.max))
	}
	n := copy(buf, r.carry)
	r.carry = r.carry[:0]
	for r.err == nil {
		if n == len(buf) {
			buf = append(make([]byte, 0, min(2*n, r.max)), buf...)
			buf = buf[:cap(buf)]
		}
		m, err := r.r.Read(buf[n:])
		r.err = err
		if end := bytes.LastIndexByte(buf[n:n+m], '\n'); end >= 0 {
			end += n + 1
			r.carry = append(r.carry, buf[end:n+m]...)
			return buf[:end], nil
		}
		if n += m; n >= r.max {
			r.err = errLineTooLong
		}
	}
	if n == 0 {
		return nil, r.err
	}
	if !errors.Is(r.err, io.EOF) { // the line may be cut short: it is not to be read as a whole one
		return nil, r.err
	}
	return append(buf[:n:len(buf)], '\n'), nil
}
