package telemetry

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	collectormetrics "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	spans "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/report"
	"destination-webhook/destination/route"
	"destination-webhook/destination/sender"
	"destination-webhook/destination/trace"
	"destination-webhook/protocol"
)

// collector keeps what it is sent. It answers with the statuses in turn, then with 200.
type collector struct {
	mu       sync.Mutex
	statuses []int
	requests []*http.Request
	spans    []*spans.Span
	resource []*common.KeyValue
	metrics  []*metrics.Metric
	rejects  int64
}

func (c *collector) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	c.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r)
	if len(c.statuses) > 0 {
		status := c.statuses[0]
		c.statuses = c.statuses[1:]
		w.WriteHeader(status)
		return
	}
	content := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		content, _ = gzip.NewReader(r.Body)
	}
	body, _ := io.ReadAll(content)
	if strings.HasSuffix(r.URL.Path, "metrics") {
		var in collectormetrics.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &in); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.metrics = in.ResourceMetrics[0].ScopeMetrics[0].Metrics
		return
	}
	var in collectortrace.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.resource = in.ResourceSpans[0].Resource.Attributes
	c.spans = append(c.spans, in.ResourceSpans[0].ScopeSpans[0].Spans...)
	if c.rejects > 0 {
		out, _ := proto.Marshal(&collectortrace.ExportTraceServiceResponse{PartialSuccess: &collectortrace.ExportTracePartialSuccess{RejectedSpans: c.rejects}})
		_, _ = w.Write(out)
	}
}

// start begins telemetry with the variables. The trace has a parent outside.
func start(t *testing.T, transport http.RoundTripper, variables string) *Telemetry {
	t.Helper()
	settings, err := FromEnvironment(getenv(parse("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 " + variables)))
	if err != nil {
		t.Fatal(err)
	}
	return Start(Options{
		Settings: settings, Transport: transport, Version: "1.2.3", Redact: func(s string) string { return strings.ReplaceAll(s, "secret", "***") },
		Trace: trace.FromEnvironment(getenv(map[string]string{"TRACEPARENT": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})),
	})
}

var users = &route.Route{Stream: protocol.StreamDescriptor{Name: "users"}, Mode: config.Insert}

func attribute(list []*common.KeyValue, key string) any {
	for _, kv := range list {
		if kv.Key == key {
			switch v := kv.Value.Value.(type) {
			case *common.AnyValue_StringValue:
				return v.StringValue
			case *common.AnyValue_IntValue:
				return v.IntValue
			}
		}
	}
	return nil
}

// requireTree fails unless the spans of an attempt, its batch and its sync are below each other,
// and the last one is below the parent of the trace.
func requireTree(t *testing.T, of *trace.Context, attempt, batch, sync *spans.Span) {
	t.Helper()
	if string(sync.ParentSpanId) != string(of.Parent[:]) || string(batch.ParentSpanId) != string(sync.SpanId) || string(attempt.ParentSpanId) != string(batch.SpanId) {
		t.Errorf("they are no tree: %v, %v, %v", attempt, batch, sync)
	}
	for _, s := range []*spans.Span{attempt, batch, sync} {
		if string(s.TraceId) != string(of.ID[:]) {
			t.Errorf("span %s is of trace %x", s.Name, s.TraceId)
		}
	}
}

// A sync, its batches and their attempts are one tree below the span that the environment names,
// and the span of an attempt is the one that its traceparent names.
func TestSpansAreOneTree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &collector{}
		tel := start(t, c, "OTEL_RESOURCE_ATTRIBUTES=env=test")
		header := http.Header{}
		tel.options.Trace.Mark(header)
		batch := tel.Batch(users, 3)
		time.Sleep(time.Second)
		batch.Attempted(3, &delivery.Attempt{
			N: 2, Method: "POST", Host: "https://example.com", Status: 503, Err: errors.New("busy"), Advice: "a secret is busy", Latency: 400 * time.Millisecond,
			Header: header, Bytes: 70, ID: "msg_1", Phases: []delivery.Phase{{Name: "dns.start", At: time.Now()}},
		})
		batch.Ended(sender.Counts{Accepted: protocol.RowCounts{2}, Rejected: protocol.RowCounts{1}}, nil)
		if err := tel.Close(report.Failed, "no secret"); err != nil {
			t.Fatal(err)
		}
		if len(c.spans) != 3 {
			t.Fatalf("%d spans, want 3", len(c.spans))
		}
		attempt, batchSpan, sync := c.spans[0], c.spans[1], c.spans[2]
		requireTree(t, &tel.options.Trace, attempt, batchSpan, sync)
		if id := tel.options.Trace.SpanOf(header); string(attempt.SpanId) != string(id[:]) {
			t.Errorf("the attempt is span %x, its traceparent says %s", attempt.SpanId, id)
		}
		if took := attempt.EndTimeUnixNano - attempt.StartTimeUnixNano; took != uint64(400*time.Millisecond) {
			t.Errorf("the attempt took %d ns", took)
		}
		for key, want := range map[string]any{
			"http.request.method": "POST", "http.response.status_code": int64(503), "http.request.resend_count": int64(1), "error.type": "503",
			"server.address": "example.com", "server.port": int64(443), "destination_webhook.rows": int64(3), "http.request.body.size": int64(70),
		} {
			if got := attribute(attempt.Attributes, key); got != want {
				t.Errorf("%s is %v, want %v", key, got, want)
			}
		}
		if attempt.Status.Message != "a *** is busy" || sync.Status.Message != "no ***" || len(attempt.Events) != 1 {
			t.Errorf("%v, %v, %v", attempt.Status, sync.Status, attempt.Events)
		}
		if attribute(batchSpan.Attributes, "destination_webhook.rows.rejected") != int64(1) || batchSpan.Status != nil {
			t.Errorf("%v", batchSpan)
		}
		if attribute(c.resource, "service.version") != "1.2.3" || attribute(c.resource, "env") != "test" {
			t.Errorf("resource %v", c.resource)
		}
	})
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &collector{}
		tel := start(t, c, "OTEL_METRIC_EXPORT_INTERVAL=1000 OTEL_EXPORTER_OTLP_COMPRESSION=gzip OTEL_EXPORTER_OTLP_HEADERS=api-key=k")
		tel.Measure(report.Measures{
			At: time.Now(), Rows: 5, Rejected: 1, States: 2, Sent: 900, Statuses: map[string]int64{"200": 3, "503": 1}, Retries: map[string]int64{"503": 1},
			InFlight: 4, Limit: 8, Buffered: 1000, StateLag: 1500 * time.Millisecond,
			Latency: report.Histogram{Bounds: []float64{0.1}, Counts: []int64{2, 1}, Count: 3, Sum: 1.5},
		})
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if len(c.metrics) == 0 {
			t.Fatal("nothing was exported at the interval")
		}
		got := map[string]float64{}
		for _, m := range c.metrics {
			for _, p := range append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...) {
				name := m.Name
				for _, kv := range p.Attributes {
					name += " " + kv.Value.GetStringValue()
				}
				got[name] = float64(p.GetAsInt()) + p.GetAsDouble()
			}
		}
		for name, want := range map[string]float64{
			"rows delivered": 5, "rows rejected": 1, "requests 200": 3, "requests 503": 1, "retries 503": 1, "states": 2, "sent": 900,
			"requests.in_flight": 4, "requests.limit": 8, "buffered": 1000, "state.lag": 1.5,
		} {
			if got["destination_webhook."+name] != want {
				t.Errorf("%s is %v, want %v", name, got["destination_webhook."+name], want)
			}
		}
		if h := c.requests[0].Header; h.Get("Api-Key") != "k" || h.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("header %v", h)
		}
		if err := tel.Close(report.Succeeded, ""); err != nil {
			t.Error(err)
		}
	})
}

// transport is a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A collector that never answers neither delays a batch nor holds the end of a sync for more than
// five seconds, and what was lost is said.
func TestACollectorThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		tel := start(t, hangs, "")
		began := time.Now()
		for range 2 * maxQueue {
			tel.Batch(users, 1).Ended(sender.Counts{Accepted: protocol.RowCounts{1}}, nil)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("spans took %s", took)
		}
		err := tel.Close(report.Succeeded, "")
		if took := time.Since(began); took > closeTime {
			t.Errorf("the end took %s", took)
		}
		if err == nil || !strings.Contains(err.Error(), "spans and") {
			t.Errorf("%v", err)
		}
	})
}

// Failures that may pass are tried again; others are lost.
func TestExportsAreTriedAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		statuses []int
		rejects  int64
		requests int
		lost     string
	}{
		"busy, then well":   {[]int{503, 429}, 0, 3, ""},
		"busy for too long": {[]int{503, 503, 503}, 0, 3, "telemetry: 1 spans and 1 exports were lost, the last because: 127.0.0.1:4318 answered 503"},
		"refused":           {[]int{401}, 0, 1, "telemetry: 1 spans and 1 exports were lost, the last because: 127.0.0.1:4318 answered 401"},
		"a redirect":        {[]int{302}, 0, 1, "telemetry: 1 spans and 1 exports were lost, the last because: 127.0.0.1:4318 answered 302"},
		"some rejected":     {nil, 1, 1, "telemetry: 1 spans and 1 exports were lost, the last because: the collector rejected some"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &collector{statuses: tt.statuses, rejects: tt.rejects}
				err := start(t, c, "").Close(report.Succeeded, "")
				if len(c.requests) != tt.requests {
					t.Errorf("%d requests, want %d", len(c.requests), tt.requests)
				}
				if got := errorText(err); got != tt.lost {
					t.Errorf("%q, want %q", got, tt.lost)
				}
			})
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Whoever began the trace may have decided that it is not recorded.
func TestATraceThatIsNotSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &collector{}
		tel := start(t, c, "")
		tel.options.Trace = trace.FromEnvironment(getenv(map[string]string{"TRACEPARENT": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}))
		tel.Batch(users, 1).Ended(sender.Counts{}, nil)
		if err := tel.Close(report.Succeeded, ""); err != nil || len(c.requests) > 0 {
			t.Errorf("%d requests, %v", len(c.requests), err)
		}
	})
}

func TestPanicOfExportingIsAnError(t *testing.T) {
	panics := transport(func(*http.Request) (*http.Response, error) { panic("a secret") })
	if err := start(t, panics, "").Close(report.Succeeded, ""); err == nil || strings.Contains(err.Error(), "a secret") {
		t.Errorf("%v", err)
	}
}
