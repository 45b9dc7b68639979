package delivery

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"

	"destination-webhook/destination/transport"
)

// exchange is what an attempt needs for net/http: a request with its header and, if it is small, its
// body, and a context with a deadline and the hooks of transport.Written. All of it takes longer to
// make than to fill, so the client keeps it for another attempt, unless net/http may still use it.
type exchange struct {
	//nolint:containedctx // an exchange is the context of an attempt
	context.Context // ends with parent, at the deadline, or by end

	parent   context.Context //nolint:containedctx // what to compare the next attempt's with
	end      context.CancelCauseFunc
	deadline time.Time   // zero: none
	timer    *time.Timer // nil: there was no deadline yet

	request  *http.Request
	sent     transport.Written
	phases   *phases // nil: they are not noted
	body     transport.Copy
	bodyCopy func() (io.ReadCloser, error) // for GetBody
}

// blank is what all requests begin with.
var blank = &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}

// exchange returns an exchange for an attempt whose context is given, and which has to end by a
// deadline, unless that is zero.
func (c *Client) exchange(ctx context.Context, deadline time.Time) *exchange {
	x := c.keptExchange()
	if x != nil && x.parent != ctx {
		x.end(nil)
		x = nil
	}
	if x == nil {
		x = c.newExchange(ctx)
	}
	x.deadline = deadline
	switch {
	case deadline.IsZero():
	case x.timer == nil:
		x.timer = time.AfterFunc(time.Until(deadline), func() { x.end(context.DeadlineExceeded) })
	default:
		x.timer.Reset(time.Until(deadline))
	}
	return x
}

// keptExchange returns the exchange of an attempt that has ended; nil if there is none.
func (c *Client) keptExchange() *exchange {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.exchanges)
	if n == 0 {
		return nil
	}
	x := c.exchanges[n-1]
	c.exchanges = c.exchanges[:n-1]
	return x
}

func (c *Client) newExchange(ctx context.Context) *exchange {
	x := &exchange{parent: ctx}
	ending, end := context.WithCancelCause(ctx)
	hooks := x.sent.Trace()
	if c.options.Phases {
		x.phases = new(phases)
		x.phases.watch(hooks)
	}
	x.Context, x.end, x.bodyCopy = httptrace.WithClientTrace(ending, hooks), end, x.body.Again
	x.request = blank.WithContext(x)
	x.request.Header = make(http.Header)
	return x
}

// done ends the use of an exchange by its attempt. A dial that goes on for other attempts may still
// note phases.
func (c *Client) done(x *exchange) {
	inTime := x.deadline.IsZero() || x.timer.Stop()
	if !inTime || x.phases != nil || x.Err() != nil || !x.sent.Through() {
		x.end(nil)
		return
	}
	x.sent.Reset()
	x.request.Body, x.request.GetBody = nil, nil
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exchanges = append(c.exchanges, x)
}

// Deadline returns when the attempt has to end.
func (x *exchange) Deadline() (time.Time, bool) {
	if parent, ok := x.parent.Deadline(); ok && (x.deadline.IsZero() || parent.Before(x.deadline)) {
		return parent, true
	}
	return x.deadline, !x.deadline.IsZero()
}

// Err returns why the context has ended.
func (x *exchange) Err() error {
	err := x.Context.Err()
	if err != nil && errors.Is(context.Cause(x.Context), context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}

// setBody makes a body that is given, and on loan, that of the request. A small one is copied.
func (x *exchange) setBody(data []byte, loan *transport.Loan) {
	r := x.request
	r.ContentLength = int64(len(data))
	switch {
	case len(data) == 0:
		r.Body = http.NoBody
	case len(data) <= transport.MaxCopy:
		x.body.Set(data)
		r.Body, r.GetBody = x.body.Open(), x.bodyCopy
	default:
		r.Body, r.GetBody = loan.Open(), func() (io.ReadCloser, error) { return loan.Open(), nil }
	}
}

// buffered returns how many bytes of the request's end net/http may still have in a buffer when it
// calls the request written, see transport.Written. HTTP/2 has no such buffer; which version it is,
// is not for the answer to say.
func (x *exchange) buffered(res *http.Response) int {
	if x.request.ContentLength > transport.MaxCopy || res.TLS != nil && res.TLS.NegotiatedProtocol == "h2" {
		return 0
	}
	return max(1, int(x.request.ContentLength))
}
