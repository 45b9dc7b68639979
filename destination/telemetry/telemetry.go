package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	spans "go.opentelemetry.io/proto/slim/otlp/trace/v1"

	"destination-webhook/destination/failure"
	"destination-webhook/destination/report"
	"destination-webhook/destination/trace"
)

const (
	// maxQueue is how many spans wait to be sent; more are dropped. maxExport is how many one
	// request has. Both, and spanInterval, are the specification's defaults for a batching
	// processor.
	maxQueue     = 2048
	maxExport    = 512
	spanInterval = 5 * time.Second
	// closeTime bounds the last exports, all together.
	closeTime = 5 * time.Second
)

// Options are what telemetry is made of.
type Options struct {
	Settings  *Settings
	Transport http.RoundTripper // makes each request, and decides what may be dialled
	Trace     trace.Context     // that the sync belongs to
	Redact    func(string) string
	Version   string // of the program
}

// Telemetry pushes spans and metrics of one sync. Its methods are safe for concurrent use; none but
// Close waits.
type Telemetry struct {
	options  Options
	resource *resource.Resource
	began    time.Time
	root     trace.SpanID // of the sync

	queue   chan *spans.Span
	dropped atomic.Int64 // spans that did not fit into the queue
	latest  atomic.Pointer[report.Measures]
	closing chan struct{}
	done    chan struct{}
	cancel  context.CancelFunc
	lost    losses // of the goroutine that exports, until done
}

// losses are what was not exported.
type losses struct {
	spans, exports int
	last           error
}

// Start begins to push. The caller has to call Close.
func Start(o Options) *Telemetry {
	ctx, cancel := context.WithCancel(context.Background())
	t := &Telemetry{
		options: o, resource: o.Settings.describe(o.Version), began: time.Now(), root: trace.NewSpanID(),
		queue: make(chan *spans.Span, maxQueue), closing: make(chan struct{}), done: make(chan struct{}), cancel: cancel,
	}
	go t.run(ctx)
	return t
}

// Measure keeps what a sync has done so far for the next export.
func (t *Telemetry) Measure(m report.Measures) { t.latest.Store(&m) }

// Close ends the span of the sync and pushes what is left, for five seconds at most. The error says
// what was lost; the sync is not affected.
func (t *Telemetry) Close(outcome report.Outcome, problem string) error {
	t.add(t.sync(outcome, problem))
	late := time.AfterFunc(closeTime, t.cancel)
	defer late.Stop()
	close(t.closing)
	<-t.done
	return t.loss()
}

func (t *Telemetry) loss() error {
	l := t.lost
	l.spans += int(t.dropped.Load())
	if l.spans == 0 && l.exports == 0 && l.last == nil {
		return nil
	}
	err := fmt.Errorf("telemetry: %d spans and %d exports were lost", l.spans, l.exports)
	if l.last != nil {
		err = fmt.Errorf("%w, the last because: %w", err, l.last)
	}
	return err
}

// RecordsSpans reports whether spans are wanted, and whoever began the trace records it.
func (t *Telemetry) RecordsSpans() bool {
	return t.options.Settings.traces.url != "" && t.options.Trace.Sampled()
}

// add queues a span, if spans are recorded, or drops it if the queue is full.
func (t *Telemetry) add(s *spans.Span) {
	if !t.RecordsSpans() {
		return
	}
	select {
	case t.queue <- s:
	default:
		t.dropped.Add(1)
	}
}

// run exports until Close. A panic ends the exports alone.
func (t *Telemetry) run(ctx context.Context) {
	defer close(t.done)
	defer t.cancel()
	defer failure.RecoverTo(&t.lost.last)
	spanTicker, metricTicker := time.NewTicker(spanInterval), time.NewTicker(t.options.Settings.interval)
	defer spanTicker.Stop()
	defer metricTicker.Stop()
	waiting := make([]*spans.Span, 0, maxExport)
	for {
		select {
		case s := <-t.queue:
			waiting = t.take(ctx, waiting, s)
		case <-spanTicker.C:
			waiting = t.exportSpans(ctx, waiting)
		case <-metricTicker.C:
			t.exportMetrics(ctx)
		case <-t.closing:
			for len(t.queue) > 0 {
				waiting = t.take(ctx, waiting, <-t.queue)
			}
			t.exportSpans(ctx, waiting)
			t.exportMetrics(ctx)
			return
		}
	}
}

// take puts a span among those that wait, and exports them once they are as many as an export has.
func (t *Telemetry) take(ctx context.Context, waiting []*spans.Span, s *spans.Span) []*spans.Span {
	if waiting = append(waiting, s); len(waiting) < maxExport {
		return waiting
	}
	return t.exportSpans(ctx, waiting)
}

// lose counts an export that failed.
func (t *Telemetry) lose(spans int, err error) {
	if err == nil {
		return
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("the time after the sync was over")
	}
	t.lost.spans += spans
	t.lost.exports++
	t.lost.last = err
}
