package delivery

import (
	"context"
	"errors"
	"net/http/httptrace"
	"sync"
)

// errUnread is the error of a 2xx that came while the request was still being sent.
var errUnread = errors.New("the endpoint answered before it had taken the whole body")

// written tells when a request has been written to its end. An endpoint can answer before that,
// and then close the connection: such a 2xx says nothing about the rows that were not sent. It is
// safe for concurrent use; net/http calls the trace from its own goroutines.
type written struct {
	mu     sync.Mutex
	reused bool
	conn   *conn // nil if it is not ours
	// Nil: no connection reported, as with a RoundTripper that is no http.Transport.
	done chan struct{}
	err  error // valid once done is closed
}

// trace returns the hooks that keep w current. A request that net/http sends again on another
// connection starts again.
func (w *written) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.reused, w.conn, w.done, w.err = i.Reused, connOf(i.Conn), make(chan struct{}), nil
		},
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			w.mu.Lock()
			defer w.mu.Unlock()
			select {
			case <-w.done:
			default:
				w.err = i.Err
				close(w.done)
			}
		},
	}
}

// wait returns once the request has been written, with errUnread if it was not, or when ctx ends.
func (w *written) wait(ctx context.Context) error {
	w.mu.Lock()
	done := w.done
	w.mu.Unlock()
	if done == nil {
		return nil
	}
	select {
	case <-done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil || w.conn != nil && w.conn.closed.Load() {
		return errUnread
	}
	return nil
}

// connection reports whether there was a connection, and whether it had served an earlier request.
func (w *written) connection() (connected, reused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done != nil, w.reused
}
