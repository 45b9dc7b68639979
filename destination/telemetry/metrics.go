package telemetry

import (
	"maps"
	"slices"
	"time"

	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"

	"destination-webhook/destination/report"
)

// metrics returns what a sync has measured. Counters and the histogram count from the sync's
// beginning on (cumulative temporality).
func (t *Telemetry) metrics(m *report.Measures) []*metrics.Metric {
	all := []*metrics.Metric{
		counter("rows", "{row}", "Rows, by what became of them.", point(m.Rows, text("outcome", "delivered")),
			point(m.Rejected, text("outcome", "rejected")), point(m.Skipped, text("outcome", "skipped")),
			point(m.Replaced, text("outcome", "replaced"))),
		counter("requests", "{request}", "Requests, by the status of the answer.", byKey("http.response.status_code", m.Statuses)...),
		counter("retries", "{request}", "Requests that were followed by another, by why they failed.", byKey("error.type", m.Retries)...),
		counter("states", "{state}", "States that came out.", point(m.States)),
		counter("sent", "By", "Bytes of bodies as they were sent.", point(m.Sent)),
		gauge("requests.in_flight", "{request}", "Requests that wait for their answer.", point(int64(m.InFlight))),
		gauge("requests.limit", "{request}", "How many requests the endpoint is given at once.", point(int64(m.Limit))),
		gauge("buffered", "By", "Memory of rows that are not sent yet, and of states that wait.", point(int64(m.Buffered))),
		gauge("state.lag", "s", "Time since the last state came out, or since the sync began.", seconds(m.StateLag)),
		durations(m),
	}
	for _, metric := range all {
		t.date(metric, m.At)
	}
	return all
}

// date says of a metric's points when they were measured, and since when they count.
func (t *Telemetry) date(m *metrics.Metric, at time.Time) {
	for _, p := range m.GetSum().GetDataPoints() {
		p.StartTimeUnixNano, p.TimeUnixNano = nanoseconds(t.began), nanoseconds(at)
	}
	for _, p := range m.GetGauge().GetDataPoints() {
		p.TimeUnixNano = nanoseconds(at)
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		p.StartTimeUnixNano, p.TimeUnixNano = nanoseconds(t.began), nanoseconds(at)
	}
}

const cumulative = metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE

func metric(name, unit, about string) *metrics.Metric {
	return &metrics.Metric{Name: "destination_webhook." + name, Unit: unit, Description: about}
}

func counter(name, unit, about string, points ...*metrics.NumberDataPoint) *metrics.Metric {
	m := metric(name, unit, about)
	m.Data = &metrics.Metric_Sum{Sum: &metrics.Sum{AggregationTemporality: cumulative, IsMonotonic: true, DataPoints: points}}
	return m
}

func gauge(name, unit, about string, p *metrics.NumberDataPoint) *metrics.Metric {
	m := metric(name, unit, about)
	m.Data = &metrics.Metric_Gauge{Gauge: &metrics.Gauge{DataPoints: []*metrics.NumberDataPoint{p}}}
	return m
}

func point(n int64, attributes ...*common.KeyValue) *metrics.NumberDataPoint {
	return &metrics.NumberDataPoint{Value: &metrics.NumberDataPoint_AsInt{AsInt: n}, Attributes: attributes}
}

// byKey returns a point for each entry, in the order of the keys.
func byKey(key string, counts map[string]int64) (points []*metrics.NumberDataPoint) {
	for _, value := range slices.Sorted(maps.Keys(counts)) {
		points = append(points, point(counts[value], text(key, value)))
	}
	return points
}

func seconds(d time.Duration) *metrics.NumberDataPoint {
	return &metrics.NumberDataPoint{Value: &metrics.NumberDataPoint_AsDouble{AsDouble: d.Seconds()}}
}

// durations is how long deliveries took.
func durations(m *report.Measures) *metrics.Metric {
	p := &metrics.HistogramDataPoint{Count: uint64(m.Latency.Count), Sum: &m.Latency.Sum, ExplicitBounds: m.Latency.Bounds}
	for _, n := range m.Latency.Counts {
		p.BucketCounts = append(p.BucketCounts, uint64(n))
	}
	h := metric("delivery.duration", "s", "Time from the first byte of a request that was delivered to the last byte of its answer.")
	h.Data = &metrics.Metric_Histogram{Histogram: &metrics.Histogram{AggregationTemporality: cumulative, DataPoints: []*metrics.HistogramDataPoint{p}}}
	return h
}
