package delivery

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"destination-webhook/destination/answer"
)

// Request is one body for one URL.
type Request struct {
	Method string
	URL    string
	Header http.Header // never modified
	ID     string      // for Sign and OnAttempt; sending it is the header's business
	Body   []byte      // not modified, and not read after Deliver has returned
	Rows   int         // in the body; with more than one it can be divided, see answer.Severed

	// Answers are how the answers are read. Nil: by the table of statuses alone.
	Answers *answer.Rules

	// OnAttempt is called with every finished attempt of this request. Nil: nobody is told.
	OnAttempt func(Attempt)
}

// Response is the answer of a request that was delivered, or refused. It is the caller's.
type Response struct {
	Status    int
	Header    http.Header
	Body      []byte // its first 64 KiB; its first [MaxObject] bytes if it is of use only as a whole
	Truncated bool   // Body is the beginning of a longer one
	Attempts  int
	Latency   time.Duration // of the attempt that was answered
}

// errReleased ends readers that outlive their delivery.
var errReleased = errors.New("delivery: the body was read after its delivery ended")

// loan is bytes on loan from the caller. A transport may read a request's body in the background
// even after RoundTrip has returned. release waits for reads that are under way and fails later
// ones.
type loan struct {
	mu       sync.RWMutex
	data     []byte
	released bool
}

func (p *loan) release() {
	p.mu.Lock()
	p.data, p.released = nil, true
	p.mu.Unlock()
}

// open returns a new reader of the bytes, as a request's body.
func (p *loan) open() *body { return &body{loan: p} }

// body reads a loan from its start. Like every request body it is used by one goroutine at a time.
type body struct {
	loan *loan
	read int
}

var _ io.WriterTo = (*body)(nil)

func (b *body) Read(into []byte) (int, error) {
	b.loan.mu.RLock()
	defer b.loan.mu.RUnlock()
	if b.loan.released {
		return 0, errReleased
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
		return 0, errReleased
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
