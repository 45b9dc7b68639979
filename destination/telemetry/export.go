package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	collectormetrics "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	spans "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"destination-webhook/destination/answer"
)

const (
	// maxAttempts is how often an export is sent, minWait and maxWait the least and the longest
	// wait between two attempts.
	maxAttempts = 3
	minWait     = time.Second
	maxWait     = 5 * time.Second
	// maxAnswer is how much of an answer is read, in bytes.
	maxAnswer = 64 << 10
)

// exportSpans sends spans, and returns the memory of the list.
func (t *Telemetry) exportSpans(ctx context.Context, list []*spans.Span) []*spans.Span {
	if len(list) == 0 {
		return list
	}
	request := &collectortrace.ExportTraceServiceRequest{ResourceSpans: []*spans.ResourceSpans{{
		Resource: t.resource, ScopeSpans: []*spans.ScopeSpans{{Scope: t.scope(), Spans: list}},
	}}}
	reply := &collectortrace.ExportTraceServiceResponse{}
	err := t.export(ctx, t.options.Settings.traces, request, reply)
	if partial := reply.GetPartialSuccess(); err == nil && partial.GetRejectedSpans() > 0 {
		t.lose(int(partial.GetRejectedSpans()), errors.New("the collector rejected some"))
		return list[:0]
	}
	t.lose(len(list), err)
	clear(list)
	return list[:0]
}

// exportMetrics sends the latest measures.
func (t *Telemetry) exportMetrics(ctx context.Context) {
	m := t.latest.Load()
	if m == nil || t.options.Settings.metrics.url == "" {
		return
	}
	request := &collectormetrics.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{{
		Resource: t.resource, ScopeMetrics: []*metrics.ScopeMetrics{{Scope: t.scope(), Metrics: t.metrics(m)}},
	}}}
	reply := &collectormetrics.ExportMetricsServiceResponse{}
	err := t.export(ctx, t.options.Settings.metrics, request, reply)
	if err == nil && reply.GetPartialSuccess().GetRejectedDataPoints() > 0 {
		err = errors.New("the collector rejected some metrics")
	}
	t.lose(0, err)
}

// export sends a message and reads the reply, again if that may help.
func (t *Telemetry) export(ctx context.Context, to signal, message, reply proto.Message) error {
	body, err := encode(to, message)
	for n := 1; err == nil; n++ {
		wait, failed := t.attempt(ctx, to, body, reply)
		if failed == nil || wait == 0 || n == maxAttempts {
			return failed
		}
		select {
		case <-time.After(min(max(wait, time.Duration(n)*minWait), maxWait)):
		case <-ctx.Done():
			return failed
		}
	}
	return err
}

func encode(to signal, message proto.Message) ([]byte, error) {
	body, err := proto.Marshal(message)
	if err != nil || !to.gzip {
		return body, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(body)
	err = errors.Join(err, w.Close())
	return packed.Bytes(), err
}

// attempt sends a body once. After a failure that may pass, wait is not 0: it is how long the
// collector asks to wait at least. Redirects are not followed.
func (t *Telemetry) attempt(ctx context.Context, to signal, body []byte, reply proto.Message) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, to.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.url, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("its URL cannot be parsed")
	}
	r.Header = to.header.Clone()
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("User-Agent", "destination-webhook/"+t.options.Version)
	if to.gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	response, err := t.options.Transport.RoundTrip(r)
	if err != nil {
		return minWait, fmt.Errorf("sending to %s: %w", r.URL.Host, err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch response.StatusCode {
	case http.StatusOK:
		if err == nil {
			// A reply that cannot be read says nothing of a partial success.
			_ = proto.Unmarshal(content, reply)
		}
		return 0, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		wait = max(minWait, answer.RetryAfter(response.StatusCode, response.Header, time.Now()))
	}
	return wait, fmt.Errorf("%s answered %d", r.URL.Host, response.StatusCode)
}
