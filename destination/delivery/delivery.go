package delivery

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/transport"

	"github.com/avast/retry-go/v4"
	"golang.org/x/net/http/httpguts"
)

// delivery is one call of Deliver. One goroutine uses it.
type delivery struct {
	client  *Client
	request Request
	limits  RetryOptions
	*target

	// Of its waits; nil: it has not waited yet.
	waits    context.Context //nolint:containedctx // the delivery is one call, and most need none
	endWaits func()

	plain    transport.Loan
	packed   transport.Loan
	buffer   *bytes.Buffer // the memory of packed; nil: the body is sent uncompressed
	deadline time.Time     // set when the first attempt starts
	attempts int
	free     int // attempts that do not count against MaxAttempts
	severed  int // attempts in a row
	replayed bool

	again    bool          // the next attempt is due …
	wait     time.Duration // … after this
	last     attempt
	response Response // of the attempt that delivered
	failure  *Failure // of the last attempt
}

func (c *Client) deliver(ctx context.Context, r Request, limits RetryOptions) (*Response, error) {
	d := &delivery{client: c, request: r, limits: limits}
	if err := d.prepare(); err != nil {
		return nil, &Failure{Kind: answer.Misconfigured, Advice: "the request cannot be sent: check the URL and the headers", Err: err}
	}
	d.compress()
	defer d.release()
	if err := d.run(ctx); err != nil {
		f := d.conclude(ctx, err)
		if f.Kind == answer.TooLarge {
			d.endpoint.sizes.refused(len(r.Body))
		}
		return nil, f
	}
	d.endpoint.sizes.accepted(len(r.Body))
	d.rows.accepted(r.Rows)
	return &d.response, nil
}

// prepare refuses what net/http would refuse at every attempt.
func (d *delivery) prepare() (err error) {
	if d.target, err = d.client.target(d.request.URL); err != nil {
		return err
	}
	return d.checkHeader(d.request.Header)
}

// checkHeader returns why net/http would refuse a header. The error does not show its values, which
// may be secrets.
func checkHeader(h http.Header) error {
	for name, values := range h {
		if !httpguts.ValidHeaderFieldName(name) {
			return errors.New("a header's name holds a character that HTTP does not allow")
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				return errors.New("the value of header " + name + " holds a character that HTTP does not allow")
			}
		}
	}
	return nil
}

func (d *delivery) compress() {
	d.plain.Lend(d.request.Body)
	if d.client.encode.into == nil || len(d.request.Body) == 0 || d.endpoint.plain.Load() {
		return
	}
	d.buffer = buffers.Get().(*bytes.Buffer)
	d.buffer.Reset()
	d.client.encode.into(d.buffer, d.request.Body)
	d.packed.Lend(d.buffer.Bytes())
}

func (d *delivery) release() {
	d.plain.Release()
	d.packed.Release()
	if d.buffer != nil {
		buffers.Put(d.buffer)
	}
	if d.endWaits != nil {
		d.endWaits()
	}
}

// run makes the attempts. resolve, which knows the answer, decides whether and when to try again;
// retry-go has the loop and the waiting, and begins with the failure of the first attempt: most
// deliveries need no loop. Its MaxDelay is not set because it would cut a Retry-After, and its
// Attempts are unbounded because it would keep every error otherwise.
func (d *delivery) run(ctx context.Context) error {
	first := d.try(ctx)
	if !d.again {
		return first
	}
	return retry.Do(
		func() error {
			if failed := first; failed != nil {
				first = nil
				return failed
			}
			return d.try(ctx)
		},
		retry.Context(d.waiting(ctx)),
		retry.Attempts(0),
		retry.RetryIf(func(error) bool { return d.again }),
		retry.DelayType(func(uint, error, *retry.Config) time.Duration { return d.wait }),
	)
}

// try waits for its turn and makes one attempt.
func (d *delivery) try(ctx context.Context) error {
	d.again = false
	p, err := d.enter(ctx)
	if err != nil {
		return err
	}
	d.attempts++
	now := time.Now()
	if d.deadline.IsZero() && d.limits.MaxElapsed > 0 {
		d.deadline = now.Add(d.limits.MaxElapsed)
	}
	x := d.client.exchange(ctx, d.attemptDeadline(now))
	defer d.client.done(x)
	d.attempt(x, now)
	return d.resolve(ctx, p, x, &d.last)
}

// waiting returns the context of the delivery's waits: it ends with ctx or the client's Stop. Most
// deliveries wait for nothing but a slot, and do without it.
func (d *delivery) waiting(ctx context.Context) context.Context {
	if d.waits == nil {
		d.waits, d.endWaits = d.client.register(ctx, d)
	}
	return d.waits
}

// enter returns when the endpoint's breaker, its slots and the rate limit all let an attempt
// through. If the breaker has opened meanwhile, it queues again.
func (d *delivery) enter(ctx context.Context) (permit, error) {
	if err := d.client.ended(ctx); err != nil {
		return permit{}, err
	}
	for {
		p, err := d.pass(ctx)
		if err != nil {
			return p, err
		}
		if err := d.endpoint.slots.acquire(ctx, d.client.stopped); err != nil {
			d.endpoint.breaker.leave(p, abandoned, 0, time.Now())
			return p, err
		}
		err = d.keepPace(ctx)
		if err == nil && d.endpoint.breaker.holds(p) {
			return p, nil
		}
		d.endpoint.slots.release()
		d.endpoint.breaker.leave(p, abandoned, 0, time.Now())
		if err != nil {
			return p, err
		}
	}
}

// pass waits for the endpoint's breaker.
func (d *delivery) pass(ctx context.Context) (permit, error) {
	p, wait, _, err := d.endpoint.breaker.try(time.Now(), d.deadline)
	if err != nil || wait == 0 {
		return p, err
	}
	return d.endpoint.breaker.enter(d.waiting(ctx), d.deadline)
}

// keepPace waits for the rate limit.
func (d *delivery) keepPace(ctx context.Context) error {
	if d.client.options.RequestsPerSecond <= 0 {
		return d.client.ended(ctx)
	}
	began := time.Now()
	err := d.client.pace.Wait(d.waiting(ctx))
	d.client.paced.Add(int64(time.Since(began)))
	return err
}

// conclude returns the failure for Deliver: the last attempt's, unless the caller's context ended
// before there was a definite answer. err is the reason why there is no further attempt.
func (d *delivery) conclude(ctx context.Context, err error) *Failure {
	f := d.failure
	if f == nil {
		f = &Failure{Kind: answer.Canceled, Advice: "the delivery was stopped before its first attempt", Err: err}
		if errors.Is(err, errOpen) {
			f.Kind, f.Advice = answer.Transient, "the endpoint stays overloaded for longer than retries may last: check its health"
		}
	}
	if ctx.Err() != nil && f.Kind == answer.Transient { // a definite answer remains valid
		f.Kind, f.Advice, f.Err = answer.Canceled, "the delivery was canceled", context.Cause(ctx)
	}
	f.Host, f.Attempts = d.host, d.attempts
	f.Size, f.Rows = len(d.request.Body), d.request.Rows
	return f
}

// fillHeader makes h the header of an attempt. Its values are the request's own, which nobody
// modifies.
func (d *delivery) fillHeader(h http.Header, now time.Time) {
	clear(h)
	maps.Copy(h, d.request.Header)
	if d.buffer != nil {
		h.Set("Content-Encoding", d.client.encode.name)
	}
	if d.client.options.Sign != nil {
		d.client.options.Sign(h, d.request.ID, now, d.request.Body)
	}
}
