package delivery

import (
	"context"
	"errors"
	"net/http"
	"time"

	"destination-webhook/destination/answer"
)

// staleWithin is how fast a kept connection that the endpoint has closed meanwhile fails.
const staleWithin = time.Second

// attempt is what came of one request.
type attempt struct {
	started time.Time
	latency time.Duration
	status  int // 0: no answer
	header  http.Header
	body    []byte
	cut     bool  // the answer goes on after body
	err     error // of the connection, even after an answer's header
	reused  bool  // the connection had served before

	success   bool                   // the status is that of a delivered request
	unmet     *answer.Classification // why the answer is no success, by its body; nil: it is one
	connected bool                   // a connection carried the request
}

func (a *attempt) delivered() bool { return a.err == nil && a.success && a.unmet == nil }

// failedWithAnswer reports an answer that is no success.
func (a *attempt) failedWithAnswer() bool { return a.status != 0 && (!a.success || a.unmet != nil) }

// unsent returns the error of an attempt that could not be prepared, or nil. It is no sign of the
// endpoint's health.
func (a *attempt) unsent() unsent {
	if a.err == nil {
		return nil
	}
	var err unsent
	_ = errors.As(a.err, &err)
	return err
}

// asked returns how long an answer asks to wait: the endpoint's, or that of a server that the
// request needed.
func (a *attempt) asked(now time.Time) time.Duration {
	status, header := a.status, a.header
	if err := a.unsent(); err != nil {
		status, header = err.Answer()
	}
	if status == 0 {
		return 0
	}
	return answer.RetryAfter(status, header, now)
}

// stale reports whether a kept connection was closed under the request.
func (a *attempt) stale() bool {
	return a.unsent() == nil && a.reused && a.status == 0 && a.latency < staleWithin && !isTimeout(a.err)
}

// severed reports whether the endpoint ended the connection while the request was under way, and
// gave no answer. One that calls a request a success and reads no body would do so with any part
// of it as well, and a small part fits into the buffers of sockets: it would count, and be lost.
func (a *attempt) severed() bool {
	return a.connected && a.err != nil && a.status == 0 &&
		a.unsent() == nil && !isTimeout(a.err) && classifyError(a.err).Kind == answer.Transient
}

// result returns what the attempt means to the breaker.
func (a *attempt) result(canceled bool, asked time.Duration) result {
	switch {
	case canceled, a.unsent() != nil:
		return abandoned
	case a.status == http.StatusTooManyRequests, a.status == http.StatusServiceUnavailable:
		return overloaded
	case a.status == 0:
		return unanswered
	case asked > 0 && a.delivered():
		return exhausted
	}
	return answered
}

// sample returns what the attempt means to the slots. Only a delivery measures the endpoint's work,
// since a refusal is quick.
func (a *attempt) sample(canceled bool) sample {
	l := sample{started: a.started}
	switch {
	case canceled, a.unsent() != nil:
	case a.delivered():
		l.latency = a.latency
	case a.status == http.StatusTooManyRequests, a.status == http.StatusServiceUnavailable:
		l.overloaded = true
	case a.err != nil:
		l.overloaded = isTimeout(a.err)
	}
	return l
}

// attempt makes one request and reads its answer, within the time that the context of x leaves.
func (d *delivery) attempt(x *exchange, now time.Time) {
	d.last = attempt{started: now}
	a := &d.last
	d.fill(x, now)
	res, err := d.client.options.Transport.RoundTrip(x.request)
	if err == nil {
		err = d.answer(x, a, res)
	}
	if errors.Is(err, context.Canceled) && errors.Is(x.Err(), context.DeadlineExceeded) {
		err = x.Err() // a context that was derived from x says only that it was canceled
	}
	a.err, a.latency = err, time.Since(now)
	a.connected, a.reused = x.sent.Connection()
}

// answer reads an answer. It waits for the end of the request before it reads a success: net/http
// gives up the rest of a request soon after the end of its answer.
func (d *delivery) answer(x *exchange, a *attempt, res *http.Response) (err error) {
	rules := d.request.Answers
	a.status, a.header, a.success = res.StatusCode, res.Header, rules.Success(res.StatusCode)
	if a.success {
		if err := x.sent.Wait(x, x.buffered(res)); err != nil {
			res.Body.Close()
			return err
		}
	}
	a.body, a.cut, err = read(res, rules, func() { x.end(nil) })
	if a.success && err == nil {
		a.unmet = rules.Unmet(a.status, a.header.Get("Content-Encoding"), a.body, a.cut)
	}
	return err
}

// attemptDeadline returns when an attempt has to end that begins now: after the timeout, or when the
// delivery's time is over. It is zero if there is no such time.
func (d *delivery) attemptDeadline(now time.Time) time.Time {
	if t := d.client.options.Timeout; t > 0 && (d.deadline.IsZero() || now.Add(t).Before(d.deadline)) {
		return now.Add(t)
	}
	return d.deadline
}

// fill makes the request of an exchange that of the delivery.
func (d *delivery) fill(x *exchange, now time.Time) {
	r := x.request
	r.Method, r.URL, r.Host = d.request.Method, d.url, d.url.Host
	d.fillHeader(r.Header, now)
	if d.buffer != nil {
		x.setBody(d.buffer.Bytes(), &d.packed)
	} else {
		x.setBody(d.request.Body, &d.plain)
	}
}
