package report

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/audience"
	"destination-webhook/destination/engine"
	"destination-webhook/protocol"
)

func summaryOfTwo() *Summary {
	users := streamSummary{name: "users", mode: "upsert", streamStats: &streamStats{delivered: added(1), requests: 2, retries: 1, bytes: 512, rejected: added(3)},
		begun: &engine.Counts{Skipped: added(40)}}
	for _, ms := range []int{5, 20, 1500} {
		users.latency.add(time.Duration(ms) * time.Millisecond)
	}
	users.compared = &audience.Found{Added: 1}
	return &Summary{
		streams: []streamSummary{users, {name: "größen", mode: "insert", streamStats: &streamStats{}, begun: &engine.Counts{}}}, total: *users.streamStats, took: 2 * time.Second,
		states: 1, lastState: time.Date(2026, 11, 24, 12, 30, 15, 0, time.UTC), endpoint: "https://example.com", deadLetters: "/var/rejected",
	}
}

func TestSummaryTable(t *testing.T) {
	const want = `
STREAM  MODE    DELIVERED  REJECTED  SKIPPED  REQUESTS  RETRIES  BYTES   P50   P95   MAX
users   upsert          1         3       40         2        1    512  20ms  1.5s  1.5s
größen  insert          0         0        0         0        0      0     –     –     –

1 row in 2 requests, 512 bytes, 1 state, 1 retry in 2s (0 rows/s) to https://example.com
users: compared with the snapshot: 1 added, 0 changed, 0 removed, 0 unchanged
rejected rows are stored in /var/rejected
last state at 12:30:15
`
	if diff := cmp.Diff(want, summaryOfTwo().table()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The log tells the same line by line; if the console shows the log as well, it is told once.
func TestEndTellsOnce(t *testing.T) {
	for name, test := range map[string]struct {
		console Console
		want    []string
	}{
		"nobody watches": {nil, []string{
			`a stream has ended stream=users rows=1 requests=2 bytes=512 retries=1 p50=20ms p95=1.5s max=1.5s`, `compared with the snapshot: 1 added, 0 changed, 0 removed, 0 unchanged stream=users`,
			`the sync has ended rows=1 requests=2 bytes=512 states=1 retries=1 took=2s rows_per_second=0`, `rows were rejected and stored stream=users rows=3 dead_letters=/var/rejected`,
		}},
		"a person reads the log": {&shown{}, []string{`rows were rejected and stored stream=users rows=3 dead_letters=/var/rejected`}},
	} {
		var out bytes.Buffer
		p := NewProgress(slog.New(protocol.NewLogHandler(protocol.NewWriter(&out), slog.LevelInfo)), test.console)
		p.tell(summaryOfTwo(), protocol.Skipped{})
		if got := strings.Count(out.String(), "\n"); got != len(test.want) {
			t.Errorf("%s: %d messages, want %d:\n%s", name, got, len(test.want), out.String())
		}
		for _, text := range test.want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s: no %q in\n%s", name, text, out.String())
			}
		}
		if s, ok := test.console.(*shown); ok && (len(s.texts) != 1 || s.lines[0] != "") {
			t.Errorf("%s: the console shows %q, %q", name, s.lines, s.texts)
		}
	}
}

// A moment that the engine comes to late does not cost the log the next one.
func TestObserveAfterALateMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := NewProgress(slog.New(protocol.NewLogHandler(protocol.NewWriter(&out), slog.LevelInfo)), nil)
		defer p.Stop()
		for late := range 3 {
			<-p.Due()
			time.Sleep(time.Duration(3-late) * 50 * time.Millisecond)
			p.Observe(engine.Moment{InFlight: 1})
		}
		if got := strings.Count(out.String(), "progress rows=0 rows_per_second=0 requests_in_flight=1 retries=0"); got != 3 {
			t.Errorf("%d lines of progress, want 3:\n%s", got, out.String())
		}
	})
}

// The time that is left is logged if the source said how much it sends.
func TestTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shown{}
		p := NewProgress(slog.New(slog.DiscardHandler), s)
		defer p.Stop()
		for records := range int64(100) {
			<-p.Due()
			p.Observe(engine.Moment{Records: 10 * records, Expected: 10_000})
		}
		if got := s.lines[99]; !strings.HasSuffix(got, "0 retries, about 3m0s left") {
			t.Errorf("with 9,010 of 10,000 records to come at 50 a second: %q", got)
		}
		p.Observe(engine.Moment{Records: 10_001, Expected: 10_000})
		if got := s.lines[100]; strings.Contains(got, "left") {
			t.Errorf("when more came than was expected: %q", got)
		}
	})
}

// The console is told at every moment, the log at every interval, and of the concurrency once it
// changes.
func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := &shown{}
		p := NewProgress(slog.New(protocol.NewLogHandler(protocol.NewWriter(&out), slog.LevelInfo)), s)
		defer p.Stop()
		limit := 0
		p.load = func() (int, int) { return min(3, limit), limit }
		p.Observe(engine.Moment{})
		if got := s.lines[0]; got != "0 rows delivered, 0 rows/s, 0 requests in flight, 0 retries" {
			t.Errorf("before the first request: %q", got)
		}
		s.lines, limit = nil, 8
		for range 101 {
			<-p.Due()
			p.Observe(engine.Moment{InFlight: 5})
			if len(s.lines) == 60 {
				limit = 4
			}
		}
		if len(s.lines) != 101 || !strings.Contains(s.lines[100], "0 rows delivered, 0 rows/s, 3 of 4 requests in flight, 0 retries") {
			t.Errorf("%d lines, the last is %q", len(s.lines), s.lines[len(s.lines)-1])
		}
		if got := strings.Count(out.String(), "concurrency adapted to the endpoint requests=4 before=8"); got != 1 || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("the log is\n%s", out.String())
		}
	})
}
