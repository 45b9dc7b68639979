package telemetry

import (
	"net/url"
	"strconv"
	"time"

	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	spans "go.opentelemetry.io/proto/slim/otlp/trace/v1"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/report"
	"destination-webhook/destination/route"
	"destination-webhook/destination/sender"
	"destination-webhook/destination/trace"
)

// sync returns the span of the whole sync.
func (t *Telemetry) sync(outcome report.Outcome, problem string) *spans.Span {
	s := t.span("sync", t.root, t.options.Trace.Parent, t.began, time.Now())
	s.Attributes = []*common.KeyValue{text("destination_webhook.outcome", string(outcome))}
	if m := t.latest.Load(); m != nil {
		s.Attributes = append(s.Attributes, number("destination_webhook.rows.delivered", int(m.Rows)), number("destination_webhook.rows.rejected", int(m.Rejected)))
	}
	if outcome != report.Succeeded {
		s.Status = t.failed(problem)
	}
	return s
}

// span returns a span inside the process.
func (t *Telemetry) span(name string, id, parent trace.SpanID, began, ended time.Time) *spans.Span {
	s := &spans.Span{
		TraceId: t.options.Trace.ID[:], SpanId: id[:], Name: name, Kind: spans.Span_SPAN_KIND_INTERNAL,
		StartTimeUnixNano: nanoseconds(began), EndTimeUnixNano: nanoseconds(ended),
	}
	if parent != (trace.SpanID{}) {
		s.ParentSpanId = parent[:]
	}
	return s
}

func nanoseconds(at time.Time) uint64 { return uint64(max(0, at.UnixNano())) }

// failed is the status of a span that failed.
func (t *Telemetry) failed(problem string) *spans.Status {
	return &spans.Status{Code: spans.Status_STATUS_CODE_ERROR, Message: t.options.Redact(problem)}
}

// Batch begins the span of a batch; it is for sender.Options, if spans are recorded.
func (t *Telemetry) Batch(r *route.Route, rows int) sender.Span {
	return &batch{t: t, route: r, rows: rows, id: trace.NewSpanID(), began: time.Now()}
}

// batch is the span of a batch. One goroutine uses it.
type batch struct {
	t     *Telemetry
	route *route.Route
	rows  int
	id    trace.SpanID
	began time.Time
}

// Ended adds the span of the batch.
func (b *batch) Ended(c sender.Counts, err error) {
	s := b.t.span("batch", b.id, b.t.root, b.began, time.Now())
	s.Attributes = []*common.KeyValue{
		text("destination_webhook.stream", b.route.Title()), text("destination_webhook.sync_mode", string(b.route.Mode)),
		number("destination_webhook.rows", b.rows), number("destination_webhook.rows.delivered", int(c.Accepted.Sum())),
		number("destination_webhook.rows.rejected", int(c.Rejected.Sum())),
	}
	if err != nil {
		s.Status = b.t.failed(err.Error())
	}
	b.t.add(s)
}

// Attempted adds the span of an attempt, with the id by which the request's traceparent names it.
// Its attributes are those of the semantic conventions for HTTP clients, without the URL, which may
// hold a secret.
func (b *batch) Attempted(rows int, a *delivery.Attempt) {
	id := b.t.options.Trace.SpanOf(a.Header)
	if id == (trace.SpanID{}) { // the user's own header names another
		id = trace.NewSpanID()
	}
	ended := time.Now()
	s := b.t.span(a.Method, id, b.id, ended.Add(-a.Latency), ended)
	s.Kind = spans.Span_SPAN_KIND_CLIENT
	s.Attributes = append(peer(a.Host), text("http.request.method", a.Method), number("http.request.body.size", a.Bytes),
		number("destination_webhook.rows", rows), text("destination_webhook.webhook_id", a.ID))
	if a.N > 1 {
		s.Attributes = append(s.Attributes, number("http.request.resend_count", a.N-1))
	}
	if a.Status != 0 {
		s.Attributes = append(s.Attributes, number("http.response.status_code", a.Status))
	}
	if a.Err != nil {
		s.Attributes = append(s.Attributes, text("error.type", report.Cause(*a)))
		s.Status = b.t.failed(a.Advice)
	}
	s.Events = events(a.Phases)
	b.t.add(s)
}

// peer says which server a request went to.
func peer(host string) []*common.KeyValue {
	u, err := url.Parse(host)
	if err != nil {
		return nil
	}
	attributes := []*common.KeyValue{text("server.address", u.Hostname())}
	port, err := strconv.Atoi(u.Port())
	switch {
	case err == nil:
	case u.Scheme == "https":
		port = 443
	default:
		port = 80
	}
	return append(attributes, number("server.port", port))
}

// events are the phases of an attempt that took place.
func events(phases []delivery.Phase) (all []*spans.Span_Event) {
	for _, p := range phases {
		all = append(all, &spans.Span_Event{TimeUnixNano: nanoseconds(p.At), Name: p.Name})
	}
	return all
}
