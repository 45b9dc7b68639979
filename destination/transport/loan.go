package transport

import (
	"errors"
	"io"
	"sync"
)

// ErrReleased ends readers that outlive their loan.
var ErrReleased = errors.New("transport: the loan has ended")

// Loan is bytes on loan from the caller: the body of a request. A transport may read a request's
// body in the background even after RoundTrip has returned. Release waits for reads that are under
// way and fails later ones. The zero value has no bytes.
type Loan struct {
	mu       sync.RWMutex
	data     []byte
	released bool
}

// Lend sets the bytes. No reader is open.
func (l *Loan) Lend(data []byte) { l.data = data }

// Len returns how many bytes there are.
func (l *Loan) Len() int { return len(l.data) }

// Release ends the loan: when it returns, the bytes are the caller's again.
func (l *Loan) Release() {
	if l.data == nil {
		return // nobody has a reader that finds any
	}
	l.mu.Lock()
	l.data, l.released = nil, true
	l.mu.Unlock()
}

// Open returns a new reader of the bytes, as a request's body. A connection of this package writes
// it straight from the bytes.
func (l *Loan) Open() io.ReadCloser { return &body{loan: l} }

// body reads a loan from its start. Like every request body it is used by one goroutine at a time.
type body struct {
	loan *Loan
	read int
}

var _ io.WriterTo = (*body)(nil)

func (b *body) Read(into []byte) (int, error) {
	b.loan.mu.RLock()
	defer b.loan.mu.RUnlock()
	if b.loan.released {
		return 0, ErrReleased
	}
	n := copy(into, b.loan.data[b.read:])
	b.read += n
	if n == 0 && len(into) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// WriteTo writes what is left in a single write.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	b.loan.mu.RLock()
	defer b.loan.mu.RUnlock()
	if b.loan.released {
		return 0, ErrReleased
	}
	rest := b.loan.data[b.read:]
	if len(rest) == 0 {
		return 0, nil
	}
	n, err := w.Write(rest)
	b.read += n
	return int64(n), err
}

func (b *body) Close() error { return nil }
