package delivery

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"destination-webhook/destination/answer"

	"github.com/avast/retry-go/v4"
	"golang.org/x/net/http/httpguts"
)

// delivery is one call of Deliver. One goroutine uses it.
type delivery struct {
	client  *Client
	request Request
	limits  RetryOptions
	*target

	plain    loan
	packed   loan
	buffer   *bytes.Buffer // the memory of packed; nil: the body is sent uncompressed
	deadline time.Time     // set when the first attempt starts
	attempts int
	free     int // attempts that do not count against MaxAttempts
	severed  int // attempts in a row
	replayed bool

	again    bool          // the next attempt is due …
	wait     time.Duration // … after this
	response *Response
	failure  *Failure // of the last attempt
}

func (c *Client) deliver(ctx context.Context, r Request, limits RetryOptions) (*Response, error) {
	d := &delivery{client: c, request: r, limits: limits}
	if err := d.prepare(); err != nil {
		return nil, &Failure{Kind: answer.Misconfigured, Advice: "the request cannot be sent: check the URL and the headers", Err: err}
	}
	waits, unregister := c.register(ctx, d)
	defer unregister()
	d.compress()
	defer d.release()
	if err := d.run(ctx, waits); err != nil {
		f := d.conclude(ctx, err)
		if f.Kind == answer.TooLarge {
			d.endpoint.sizes.refused(len(r.Body))
		}
		return nil, f
	}
	d.endpoint.sizes.accepted(len(r.Body))
	d.rows.accepted(r.Rows)
	return d.response, nil
}

// prepare refuses what net/http would refuse at every attempt. The error does not show the value of
// a header, which may be a secret.
func (d *delivery) prepare() (err error) {
	for name, values := range d.request.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return errors.New("a header's name holds a character that HTTP does not allow")
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				return errors.New("the value of header " + name + " holds a character that HTTP does not allow")
			}
		}
	}
	d.target, err = d.client.target(d.request.URL)
	return err
}

func (d *delivery) compress() {
	d.plain.data = d.request.Body
	if d.client.encode.into == nil || len(d.request.Body) == 0 || d.endpoint.plain.Load() {
		return
	}
	d.buffer = buffers.Get().(*bytes.Buffer)
	d.buffer.Reset()
	d.client.encode.into(d.buffer, d.request.Body)
	d.packed.data = d.buffer.Bytes()
}

func (d *delivery) release() {
	d.plain.release()
	d.packed.release()
	if d.buffer != nil {
		buffers.Put(d.buffer)
	}
}

// run makes the attempts. resolve, which knows the answer, decides whether and when to try again;
// retry-go has the loop and the waiting. Its MaxDelay is not set because it would cut a
// Retry-After, and its Attempts are unbounded because it would keep every error otherwise.
func (d *delivery) run(ctx, waits context.Context) error {
	return retry.Do(
		func() error { return d.try(ctx, waits) },
		retry.Context(waits),
		retry.Attempts(0),
		retry.RetryIf(func(error) bool { return d.again }),
		retry.DelayType(func(uint, error, *retry.Config) time.Duration { return d.wait }),
	)
}

// try waits for its turn and makes one attempt.
func (d *delivery) try(ctx, waits context.Context) error {
	d.again = false
	p, err := d.enter(waits)
	if err != nil {
		return err
	}
	d.attempts++
	now := time.Now()
	if d.deadline.IsZero() && d.limits.MaxElapsed > 0 {
		d.deadline = now.Add(d.limits.MaxElapsed)
	}
	a := d.attempt(ctx, now)
	return d.resolve(ctx, p, a)
}

// enter returns when the endpoint's breaker, its slots and the rate limit all let an attempt
// through. If the breaker has opened meanwhile, it queues again.
func (d *delivery) enter(ctx context.Context) (permit, error) {
	for {
		p, err := d.endpoint.breaker.enter(ctx, d.deadline)
		if err != nil {
			return p, err
		}
		if err := d.endpoint.slots.acquire(ctx); err != nil {
			d.endpoint.breaker.leave(p, abandoned, 0, time.Now())
			return p, err
		}
		began := time.Now()
		err = d.client.pace.Wait(ctx)
		d.client.paced.Add(int64(time.Since(began)))
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

// header returns the header of one attempt. It is new each time: a transport may still read the
// last one's.
func (d *delivery) header(now time.Time) http.Header {
	h := d.request.Header.Clone()
	if h == nil {
		h = make(http.Header)
	}
	if d.buffer != nil {
		h.Set("Content-Encoding", d.client.encode.name)
	}
	if d.client.options.Sign != nil {
		d.client.options.Sign(h, d.request.ID, now, d.request.Body)
	}
	return h
}
