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
	// False: no connection reported, as with a RoundTripper that is no http.Transport.
	connected bool
	reused    bool
	conn      *conn // nil if it is not ours
	ended     bool
	err       error         // valid once it has ended
	done      chan struct{} // closed when it ends; nil: nobody waits for that
}

// Trace returns the hooks that keep w current. A request that net/http sends again on another
// connection starts again.
func (w *Written) Trace() *httptrace.ClientTrace {
	w.hooks.GotConn, w.hooks.WroteRequest = w.start, w.end
	return &w.hooks
}

func (w *Written) start(i httptrace.GotConnInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connected, w.reused, w.conn = true, i.Reused, connOf(i.Conn)
	w.ended, w.err, w.done = false, nil, nil
}

func (w *Written) end(i httptrace.WroteRequestInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	w.ended, w.err = true, i.Err
	if w.done != nil {
		close(w.done)
	}
}

// ending returns a channel that is closed when the request has been written; nil if nothing is to
// be waited for.
func (w *Written) ending() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.connected || w.ended {
		return nil
	}
	w.done = make(chan struct{})
	return w.done
}

// Wait returns once the request has been written, with ErrUnread if it was not, or when ctx ends.
func (w *Written) Wait(ctx context.Context) error {
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
	return nil
}

// Connection reports whether there was a connection, and whether it had served an earlier request.
func (w *Written) Connection() (connected, reused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.connected, w.reused
}
