package interop

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"sync/atomic"
	"testing"

	"destination-webhook/acceptance_tests/connector"
	"destination-webhook/destination/loopbacktest"
)

// attributes are those of a span or of a metric's point, in OTLP's form of JSON.
type attributes []struct {
	Key   string
	Value struct {
		StringValue string
		IntValue    string
	}
}

func (a attributes) of(key string) string {
	for _, entry := range a {
		if entry.Key == key {
			return entry.Value.StringValue + entry.Value.IntValue
		}
	}
	return ""
}

type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	Attributes                          attributes
	Events                              []struct{ Name string }
}

// telemetry is what a collector prints.
type telemetry struct {
	ResourceSpans []struct {
		ScopeSpans []struct{ Spans []span }
	}
	ResourceMetrics []struct {
		ScopeMetrics []struct {
			Metrics []struct {
				Name string
				Sum  struct {
					DataPoints []struct {
						AsInt      string
						Attributes attributes
					}
				}
			}
		}
	}
}

// TestCollectorTakesTelemetry sends 5,000 rows in five batches, the first of which fails once. The
// OpenTelemetry Collector has a span for each attempt, whose id the endpoint got as the caller's,
// and the number of rows.
func TestCollectorTakesTelemetry(t *testing.T) {
	address := loopbacktest.FreeAddress(t).String()
	lines := bufio.NewScanner(connector.Start(t, exec.Command(installed(t, ".bin", "collector"), address))) //nolint:gosec // the test's own
	lines.Buffer(nil, 16<<20)
	for lines.Scan() && lines.Text() != "listening" {
	}
	parents := syncToCollector(t, address)
	spans, delivered := readTelemetry(t, lines)
	if delivered != "5000" {
		t.Errorf("the metrics say %s rows, want 5000", delivered)
	}
	named := map[string]int{}
	for _, s := range spans {
		named[s.Name]++
		parent, inside := spans[s.ParentSpanID]
		switch s.Name {
		case "sync":
			if inside || s.ParentSpanID != "00f067aa0ba902b7" {
				t.Errorf("the sync's parent is %s, want the environment's", s.ParentSpanID)
			}
		case "batch":
			if parent.Name != "sync" {
				t.Errorf("a batch's parent is %q", parent.Name)
			}
		case "POST":
			if parent.Name != "batch" || !parents["00-"+s.TraceID+"-"+s.SpanID+"-01"] {
				t.Errorf("the endpoint got %v, and not the span %+v", parents, s)
			}
		}
	}
	if named["sync"] != 1 || named["batch"] != 5 || named["POST"] != len(parents) {
		t.Errorf("spans %v, want one sync, five batches and %d attempts", named, len(parents))
	}
}

// syncToCollector syncs the rows with telemetry for a collector, and returns the callers that the
// endpoint was told of.
func syncToCollector(t *testing.T, address string) (parents map[string]bool) {
	t.Helper()
	var attempts atomic.Int64
	got := make(chan string, 100)
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("Traceparent")
		if attempts.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer endpoint.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+address)
	t.Setenv("TRACEPARENT", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	sync(t, encoded(t, map[string]any{"url": endpoint.URL, "delivery": map[string]any{"retry": map[string]any{"initial_interval_ms": 1}}}), users(1, 5000))

	close(got)
	parents = map[string]bool{}
	for parent := range got {
		parents[parent] = true
	}
	return parents
}

// readTelemetry reads what a collector prints, up to the number of delivered rows.
func readTelemetry(t *testing.T, lines *bufio.Scanner) (spans map[string]span, delivered string) {
	t.Helper()
	spans = map[string]span{}
	for delivered == "" && lines.Scan() { // metrics come last
		var taken telemetry
		if err := json.Unmarshal(lines.Bytes(), &taken); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		for _, r := range taken.ResourceSpans {
			for _, s := range r.ScopeSpans[0].Spans {
				spans[s.SpanID] = s
			}
		}
		delivered = taken.delivered()
	}
	return spans, delivered
}

// delivered returns how many rows were delivered, "" if the metrics don't say so.
func (taken *telemetry) delivered() string {
	for _, r := range taken.ResourceMetrics {
		for _, m := range r.ScopeMetrics[0].Metrics {
			for _, p := range m.Sum.DataPoints {
				if m.Name == "destination_webhook.rows" && p.Attributes.of("outcome") == "delivered" {
					return p.AsInt
				}
			}
		}
	}
	return ""
}
