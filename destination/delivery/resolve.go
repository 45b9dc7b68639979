package delivery

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/printable"
)

// resolve classifies an attempt, reports it to the endpoint's breaker and slots, and decides
// whether another one follows. It returns nil if the request was delivered.
func (d *delivery) resolve(ctx context.Context, p permit, x *exchange, a *attempt) error {
	now := a.started.Add(a.latency)
	asked := a.asked(now)
	canceled := ctx.Err() != nil && a.err != nil
	d.endpoint.slots.done(a.sample(canceled), now)
	paused := d.endpoint.breaker.leave(p, a.result(canceled, asked), asked, now)
	if a.delivered() {
		d.response = d.responseOf(a)
		d.report(x, a, nil, asked)
		return nil
	}
	d.failure = d.fail(a)
	if !canceled {
		d.decide(a, max(asked, paused), now)
	}
	d.report(x, a, d.failure, 0)
	return d.failure
}

func (d *delivery) responseOf(a *attempt) Response {
	return Response{Status: a.status, Header: a.header, Body: a.body, Truncated: a.cut, Attempts: d.attempts, Latency: a.latency}
}

// fail returns the attempt as a failure.
func (d *delivery) fail(a *attempt) *Failure {
	f := &Failure{Status: a.status, Host: d.host, Attempts: d.attempts, Excerpt: d.excerpt(a)}
	var m answer.Classification
	switch {
	case a.unmet != nil:
		m = *a.unmet
	case a.failedWithAnswer():
		m = d.request.Answers.Classify(a.status, a.header, d.client.options.Redact)
	}
	// An answer that broke off may not be complete, and a refusal would reject a row. Other
	// statuses count even then: an endpoint that is sent too much often hangs up while it answers.
	if !a.failedWithAnswer() || a.err != nil && m.Kind == answer.Refused {
		m = classifyError(a.err)
		f.Err = d.client.shown(a.err)
	}
	f.Kind, f.Advice = m.Kind, m.Advice
	if m.Kind == answer.Refused {
		refusal := d.responseOf(a)
		f.Answer = &refusal
	}
	if a.status == http.StatusBadRequest && d.buffer != nil {
		f.Advice += fmt.Sprintf("; the body was compressed (%s), which the endpoint may not be able to read: try compression none", d.client.options.Compression)
	}
	return f
}

// maxMasked is how much of an answer is searched for secrets, in bytes, for an excerpt that is much
// shorter: looking into every encoding takes about 0.2 ms a KiB.
const maxMasked = 8 << 10

// excerpt returns what a message shows of the answer. If the body was cut it may end within a
// secret.
func (d *delivery) excerpt(a *attempt) string {
	body := a.body[:min(len(a.body), maxMasked)]
	if a.err != nil || a.cut || len(body) < len(a.body) {
		return printable.Excerpt(body, d.client.options.RedactCut)
	}
	if problem := answer.Problem(a.header.Get("Content-Type"), body); len(problem) > 0 {
		body = problem
	}
	return printable.Excerpt(body, d.client.options.Redact)
}

// decide sets again and wait. asked is the shortest wait that the endpoint asked for.
func (d *delivery) decide(a *attempt, asked time.Duration, now time.Time) {
	switch {
	case a.status == http.StatusUnsupportedMediaType && d.buffer != nil:
		d.disableCompression()
		return
	case d.failure.Kind != answer.Transient:
		return
	case a.stale() && !d.replayed:
		d.replayed, d.again, d.wait = true, true, 0
		d.free++
		return
	case d.mustDivide(a), d.attempts-d.free >= d.limits.MaxAttempts:
		return
	}
	wait := asked
	if asked == 0 {
		wait = backoff(d.limits, d.attempts-d.free)
	}
	if !d.deadline.IsZero() && !now.Add(wait).Before(d.deadline) {
		d.failure.Advice += fmt.Sprintf("; the next attempt would be due in %s, after the time for retries has ended", wait.Round(time.Millisecond))
		return
	}
	d.again, d.wait = true, wait
}

const (
	// maxSevered is how many attempts in a row may be severed before a request is divided.
	maxSevered = 3
	// minSeveredBody is a size, in bytes, that no server is known to refuse by hanging up.
	minSeveredBody = 64 << 10
)

// mustDivide reports whether the request is to be divided instead of being tried again: some servers
// and load balancers hang up on a body that is too large for them.
func (d *delivery) mustDivide(a *attempt) bool {
	if !a.severed() {
		d.severed = 0
		return false
	}
	d.severed++
	if d.request.Rows <= 1 || len(d.request.Body) <= minSeveredBody || d.severed < min(maxSevered, d.limits.MaxAttempts) {
		return false
	}
	d.failure.Kind = answer.Severed
	return true
}

// disableCompression retries without compression, since that may be the cause of a 415, and remembers it for
// the endpoint.
func (d *delivery) disableCompression() {
	d.endpoint.plain.Store(true)
	d.packed.Release()
	buffers.Put(d.buffer)
	d.buffer = nil
	d.again, d.wait = true, 0
	d.free++
}

func (d *delivery) report(x *exchange, a *attempt, f *Failure, pause time.Duration) {
	r := Attempt{
		ID: d.request.ID, N: d.attempts, Method: d.request.Method, Host: d.host, Status: a.status, Final: !d.again, Pause: pause, Latency: a.latency,
		Header: x.request.Header, Bytes: int(x.request.ContentLength), Phases: x.phases.all(),
	}
	if f != nil {
		r.Err, r.Excerpt, r.Advice = f, f.Excerpt, f.Advice
	}
	if d.again {
		r.Wait = d.wait
	}
	if d.request.OnAttempt != nil {
		d.request.OnAttempt(r)
	}
	d.client.options.OnAttempt(r)
}
