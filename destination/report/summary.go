package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"destination-webhook/destination/audience"
	"destination-webhook/destination/config"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/printable"
	"destination-webhook/protocol"
)

// Summary is what a sync has done.
type Summary struct {
	streams               []streamSummary // in the catalog's order
	total                 streamStats
	statuses              map[string]int64 // requests by status
	causes                map[string]int64 // retries by cause
	begun                 engine.Counts    // of all streams
	took                  time.Duration
	states                int64
	firstState, lastState time.Time
	waits                 Waits
	retried               *Retried // nil: no rejected row is tried again
	loads                 []Load
	endpoint              string
	deadLetters           string // where they are; empty: nowhere
}

// Rejected returns the number of rows that became dead letters.
func (s *Summary) Rejected() int64 { return s.total.deadLetters() }

// streamSummary is what a sync has done of one stream. It refers to the counts, which nobody
// changes after the sync: a catalog may have a hundred thousand streams.
type streamSummary struct {
	*streamStats
	name, mode string
	syncID     int64 // of the catalog; 0 if there is none
	begun      *engine.Counts
	compared   *audience.Found // with the snapshot; nil if there is none
	manifest   *Manifest       // nil: there is none
}

// Waits is for what a sync waited, in seconds. Those of requests add up, as many wait at once.
type Waits struct {
	Source    float64 `json:"source"`     // for records, while the endpoint could have taken more
	Endpoint  float64 `json:"endpoint"`   // for answers
	RateLimit float64 `json:"rate_limit"` // requests, because of delivery.requests_per_second
}

// End tells what the sync has done, and which lines of the input it skipped.
func (p *Progress) End(c *config.Config, streams []*engine.Stream, skipped protocol.Skipped, waits Waits) {
	p.summary = p.summarize(c, streams)
	p.summary.waits = waits
	if p.measured != nil {
		p.measured(p.measures(time.Now(), moment{}, engine.Moment{Skipped: p.summary.begun.Skipped.Sum()}))
	}
	p.tell(p.summary, skipped)
}

// Summary returns the summary of the sync, nil before its end.
func (p *Progress) Summary() *Summary { return p.summary }

func (p *Progress) summarize(c *config.Config, streams []*engine.Stream) *Summary {
	s := &Summary{
		total: p.stats.all(), took: time.Since(p.began), states: p.states, firstState: p.firstState, lastState: p.lastState,
		loads: p.loads.kept, retried: p.retried, endpoint: printable.Host(c.URL), deadLetters: deadLetterPlace(c),
	}
	s.statuses, s.causes = p.stats.byStatus()
	s.streams = make([]streamSummary, 0, len(streams))
	for _, stream := range streams {
		line := streamSummary{streamStats: p.stats.of(stream.Route), name: stream.Route.Title(), mode: string(stream.Route.Mode), syncID: stream.Route.Configured.SyncID, begun: &stream.Counts, manifest: p.manifests[stream.Route]}
		if stream.Audience != nil {
			found := stream.Audience.Found()
			line.compared = &found
		}
		s.begun.Add(stream.Counts)
		s.streams = append(s.streams, line)
	}
	return s
}

// deadLetterPlace returns where rejected rows are stored.
func deadLetterPlace(c *config.Config) string {
	d := &c.DeadLetter
	switch {
	case c.OnRejectedRows != config.ToDeadLetter:
		return ""
	case d.Type == config.LocalStorage:
		return d.Path
	case d.Type == config.S3Storage:
		return "s3://" + d.Bucket + "/" + d.Prefix
	}
	return printable.Host(d.URL)
}

func (p *Progress) tell(s *Summary, skipped protocol.Skipped) {
	p.Stop()
	p.attempts.end()
	if p.console != nil {
		p.console.Progress("")
	}
	if kinds := skipped.String(); kinds != "" {
		p.log.Warn("lines of the input were skipped, as they are no Airbyte messages", "lines", kinds)
	}
	for _, stream := range s.streams {
		if n := stream.deadLetters(); n > 0 {
			p.log.Warn("rows were rejected and stored", "stream", stream.name, "rows", n, "dead_letters", s.deadLetters)
		}
		if stream.removals > 0 {
			p.log.Warn("removals were rejected and stay due", "stream", stream.name, "rows", stream.removals)
		}
	}
	if p.console != nil {
		p.console.Print(s.table())
	}
	if p.console == nil || !p.console.ShowsLog() {
		s.log(p.log.Info)
	}
}

// log tells the summary line by line.
func (s *Summary) log(info func(string, ...any)) {
	for i := range s.streams {
		t := &s.streams[i]
		if i == maxListed {
			info("and more streams", "streams", len(s.streams)-maxListed)
			break
		}
		if t.requests > 0 || t.rejected.Sum() > 0 {
			info("a stream has ended", "stream", t.name, "rows", t.rows(), "requests", t.requests, "bytes", t.bytes, "retries", t.retries,
				"p50", brief(t.latency.quantile(0.5)), "p95", brief(t.latency.quantile(0.95)), "max", brief(t.latency.max))
		}
		if t.compared != nil {
			info(t.compared.String(), "stream", t.name)
		}
		if t.replaced > 0 {
			info("rows were not sent, as later rows of their batches have the same primary keys", "stream", t.name, "rows", t.replaced)
		}
	}
	if s.retried != nil {
		info(s.retried.String())
	}
	info("the sync has ended", "rows", s.total.rows(), "requests", s.total.requests, "bytes", s.total.bytes, "states", s.states,
		"retries", s.total.retries, "took", brief(s.took), "rows_per_second", int64(s.rate()))
}

func (s *Summary) totals() string {
	return fmt.Sprintf("%s in %s, %d bytes, %s, %s in %v (%.0f rows/s)", count(s.total.rows(), "row"), count(s.total.requests, "request"),
		s.total.bytes, count(s.states, "state"), retries(s.total.retries), brief(s.took), s.rate())
}

// rate is in rows a second.
func (s *Summary) rate() float64 { return float64(s.total.rows()) / max(s.took.Seconds(), 1e-3) }

// table returns the summary as a table and the totals below it.
func (s *Summary) table() string {
	cells := [][]string{{"STREAM", "MODE", "DELIVERED", "REJECTED", "SKIPPED", "REQUESTS", "RETRIES", "BYTES", "P50", "P95", "MAX"}}
	for i := range s.streams {
		if i == maxListed {
			cells = append(cells, []string{fmt.Sprintf("… %d more streams", len(s.streams)-maxListed)})
			break
		}
		cells = append(cells, s.streams[i].cells())
	}
	var b strings.Builder
	b.WriteString("\n" + align(cells) + "\n" + s.totals() + " to " + s.endpoint + "\n")
	for i := range s.streams[:min(len(s.streams), maxListed)] {
		if t := &s.streams[i]; t.compared != nil {
			b.WriteString(t.name + ": " + t.compared.String() + "\n")
		}
		if t := &s.streams[i]; t.replaced > 0 {
			fmt.Fprintf(&b, "%s: %s not sent, as later rows of their batches have the same primary keys\n", t.name, count(t.replaced, "row"))
		}
	}
	if s.retried != nil {
		b.WriteString(s.retried.String() + "\n")
	}
	if s.total.rejected.Sum() > 0 && s.deadLetters != "" {
		b.WriteString("rejected rows are stored in " + s.deadLetters + "\n")
	}
	if s.states > 0 {
		b.WriteString("last state at " + s.lastState.Format(time.TimeOnly) + "\n")
	}
	return b.String()
}

func (t *streamSummary) cells() []string {
	cells := []string{t.name, t.mode}
	for _, n := range []int64{t.rows(), t.rejected.Sum(), skipped(t.streamStats, t.begun).Sum(), t.requests, t.retries, t.bytes} {
		cells = append(cells, fmt.Sprint(n))
	}
	if t.latency.n == 0 {
		return append(cells, "–", "–", "–")
	}
	return append(cells, brief(t.latency.quantile(0.5)), brief(t.latency.quantile(0.95)), brief(t.latency.max))
}

// align lays cells out in columns: the first two begin, all others end at the same place.
func align(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch i {
			case 0:
				b.WriteString(cell + padding)
			case 1:
				b.WriteString("  " + cell + padding)
			default:
				b.WriteString("  " + padding + cell)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// brief returns a duration with three digits or so.
func brief(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

func retries(n int64) string {
	if n == 1 {
		return "1 retry"
	}
	return fmt.Sprintf("%d retries", n)
}
