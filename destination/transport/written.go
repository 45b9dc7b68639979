package transport

import (
	"context"
	"errors"
	"net/http/httptrace"
	"sync"
)

// ErrUnread is the error of a 2xx that came while the request was still being sent.
var ErrUnread = errors.New("the endpoint answered before it had taken the whole body")

// Written tells when a request has been written to its end. An endpoint can answer before that,
// and then close the connection: such a 2xx says nothing about the rows that were not sent. It is
// safe for concurrent use; net/http calls the trace from its own goroutines.
type Written struct {
	hooks httptrace.ClientTrace

	mu sync.Mutex
	// How many connections the request was given; none are reported by a RoundTripper that is no
	// http.Transport.
	connections int
	reused      bool
	conn        *conn // nil if it is not ours, and what it takes is not known
	headed      int64 // bytes that conn had taken when the body began,
	written     int64 // and when net/http called the request written
	parted      bool  // some of the header had left when the body began
	ended       bool
	idle        bool          // the connection is free for other requests
	err         error         // valid once it has ended
	done        chan struct{} // closed when it ends; nil: nobody waits for that
}

// Trace returns the hooks that keep w current. A request that net/http sends again on another
// connection starts again.
func (w *Written) Trace() *httptrace.ClientTrace {
	w.hooks.GotConn, w.hooks.WroteHeaders, w.hooks.WroteRequest, w.hooks.PutIdleConn = w.start, w.header, w.end, w.free
	return &w.hooks
}

// Reset makes w ready for another request. The one before is Through.
func (w *Written) Reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connections, w.reused, w.conn, w.ended, w.idle = 0, false, nil, false, false
}

func (w *Written) start(i httptrace.GotConnInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connections++
	w.reused, w.conn = i.Reused, connOf(i.Conn)
	w.headed, w.parted = w.taken(), false
	w.ended, w.idle, w.err, w.done = false, false, nil, nil
}

// taken returns how many bytes the connection has taken. It does not wait for a write that is under
// way, which may be one of another HTTP/2 request.
func (w *Written) taken() int64 {
	if w.conn == nil {
		return 0
	}
	return w.conn.taken.Load()
}

func (w *Written) header() {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.headed
	w.headed = w.taken()
	w.parted = w.headed > before
}

func (w *Written) end(i httptrace.WroteRequestInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	w.ended, w.err, w.written = true, i.Err, w.taken()
	if w.done != nil {
		close(w.done)
	}
}

func (w *Written) free(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = err == nil
}

// ending returns a channel that is closed when the request has been written; nil if nothing is to
// be waited for.
func (w *Written) ending() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.connections == 0 || w.ended {
		return nil
	}
	w.done = make(chan struct{})
	return w.done
}

// Wait returns once the request has been written, with ErrUnread if it was not, or when ctx ends.
// buffered is how many bytes of the request's end net/http calls written when they are in the buffer
// of the connection: those of a body, see Copy, or one if there is none; 0 if all was written then.
func (w *Written) Wait(ctx context.Context, buffered int) error {
	if done := w.ending(); done != nil {
		select {
		case <-done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil || w.conn != nil && w.conn.closed.Load() {
		return ErrUnread
	}
	if buffered == 0 || w.conn == nil || w.written-w.headed >= int64(buffered) {
		return nil // the body did not fit the buffer: all has left before net/http called it written
	}
	// All of the body is in the buffer, which leaves in one write, mostly with the header. That write
	// may be under way.
	if !w.parted {
		buffered += leastHeader
	}
	if taken, failed := w.conn.written(); failed || taken-w.written < int64(buffered) {
		return ErrUnread
	}
	return nil
}

// leastHeader is less than a header has, and more than a message of TLS by which a connection is
// closed, in bytes.
const leastHeader = 64

// Connection reports whether there was a connection, and whether it had served an earlier request.
func (w *Written) Connection() (connected, reused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.connections > 0, w.reused
}

// Through reports whether net/http has done all that it does for the request: its connection serves
// other ones, and it had no other. If that is not known, it reports false.
func (w *Written) Through() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.idle && w.connections == 1
}
