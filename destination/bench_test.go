package destination

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"testing"
	"time"

	"destination-webhook/bench/shape"
	"destination-webhook/destination/config"
	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/report"
	"destination-webhook/destination/route"
	"destination-webhook/destination/sender"
	"destination-webhook/protocol"
)

// benchStreams are how the stream of the generated records is in a catalog: without a key and
// with one.
var benchStreams = map[string]string{
	"plain": `{"stream":{"name":"users","namespace":"public"},"destination_sync_mode":"append"}`,
	"keyed": `{"stream":{"name":"users","namespace":"public"},"destination_sync_mode":"append_dedup","primary_key":[["id"]]}`,
}

// discarding is an endpoint without a network.
type discarding struct{}

func (discarding) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// syncAll brings records, and a state after every 10,000 of them, to an endpoint that discards
// them.
func syncAll(tb testing.TB, stream string, in io.Reader) {
	tb.Helper()
	c := configtest.Parse(tb, `,"batching":{"max_rows":100000}`)
	syncOver(tb, c, delivery.New(delivery.Options{
		Transport: discarding{}, Timeout: time.Minute, Concurrency: c.Delivery.MaxConcurrentRequests, Retry: delivery.RetryOptions{MaxAttempts: 1},
	}), stream, in)
}

// syncOver brings records to the endpoint of a config by a client.
func syncOver(tb testing.TB, c *config.Config, client *delivery.Client, stream string, in io.Reader) {
	tb.Helper()
	table, err := route.NewTable(c, catalogOf(tb, benchStreams[stream]), "agent")
	if err != nil {
		tb.Fatal(err)
	}
	progress := report.NewProgress(slog.New(slog.DiscardHandler), nil)
	defer progress.Stop()
	deliver := sender.New(sender.Options{Client: client, Redact: func(s string) string { return s }, Warn: progress.Warn, Observer: progress})
	r := table[0]
	streams := []*engine.Stream{{Route: r, Send: deliver.Stream(r, nil, "sync").Send}}
	e := engine.New(context.Background(), streams, engineOptions(c, progress), protocol.NewWriter(io.Discard))
	if err := e.Run(context.Background(), in, client.Stop); err != nil {
		tb.Fatal(err)
	}
}

func catalogOf(t testing.TB, streams string) *protocol.Catalog {
	t.Helper()
	c, err := protocol.ParseCatalog([]byte(`{"streams":[` + streams + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func linesOf(s shape.Shape, rows int) []byte {
	var lines []byte
	for i := range rows {
		if lines = s.AppendRecord(lines, "users", i); (i+1)%10_000 == 0 {
			lines = shape.AppendState(lines, "users", i)
		}
	}
	return lines
}

// BenchmarkSync is the whole way of a row but for the network.
func BenchmarkSync(b *testing.B) {
	for _, s := range []shape.Shape{shape.Narrow, shape.Typical, shape.Wide} {
		lines := linesOf(s, s.Rows(50_000))
		for _, stream := range []string{"plain", "keyed"} {
			b.Run(s.String()+"/"+stream, func(b *testing.B) {
				b.SetBytes(int64(len(lines)))
				b.ReportAllocs()
				for b.Loop() {
					syncAll(b, stream, bytes.NewReader(lines))
				}
			})
		}
	}
}

// Once a sync is under way its rows cost no memory of their own, and no more at its end than at its
// beginning.
func TestSyncAllocatesNothingForARow(t *testing.T) {
	const rows = 40_000
	for stream := range benchStreams {
		short, long := linesOf(shape.Typical, rows), linesOf(shape.Typical, 3*rows)
		syncAll(t, stream, bytes.NewReader(short)) // whatever is made once
		few := allocations(func() { syncAll(t, stream, bytes.NewReader(short)) })
		many := allocations(func() { syncAll(t, stream, bytes.NewReader(long)) })
		perRow := float64(many-few) / (2 * rows)
		t.Logf("%s: %.4f allocations a row", stream, perRow)
		if perRow > 0.05 {
			t.Errorf("%s: %.3f allocations a row (%d for %d rows, %d for %d)", stream, perRow, few, rows, many, 3*rows)
		}
	}
}

// allocations returns how many allocations f makes, on all goroutines.
func allocations(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.Mallocs) - int64(before.Mallocs)
}
