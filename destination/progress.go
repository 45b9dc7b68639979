package destination

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/protocol"
)

const (
	// logInterval is how often the log says how far a sync is; drawInterval how often a terminal shows it.
	logInterval  = 10 * time.Second
	drawInterval = 200 * time.Millisecond
	// maxListed bounds how many streams the log names one by one.
	maxListed = 50
)

// progress tells people how a sync goes: in the log, or, where somebody sits at a terminal, in a line that is drawn over
// and over. Its owner is the sync; only stats and attempt are for others too.
type progress struct {
	log      *slog.Logger
	terminal io.Writer // nil: there is none
	stats    *stats
	ticker   *time.Ticker
	began    time.Time
	states   int64

	last     time.Time // of the last tick
	lastRows int64
}

func newProgress(log *slog.Logger, terminal io.Writer) *progress {
	interval := logInterval
	if terminal != nil {
		interval = drawInterval
	}
	now := time.Now()
	return &progress{log: log, terminal: terminal, stats: newStats(), ticker: time.NewTicker(interval), began: now, last: now}
}

// C says when a tick is due.
func (p *progress) C() <-chan time.Time { return p.ticker.C }

// warn logs what a user should know before the sync begins.
func (p *progress) warn(c *config.Config, rs *routes, catalog *protocol.Catalog) {
	for _, warning := range slices.Concat(rs.strays(c), rs.warnings(catalog)) {
		p.log.Warn(warning)
	}
	if c.TLS.InsecureSkipVerify {
		p.log.Warn("tls.insecure_skip_verify is on: whoever answers in the endpoint's place receives the rows and the credentials")
	}
}

// start logs what the sync is about to do.
func (p *progress) start(c *config.Config, rs *routes) {
	p.log.Info(fmt.Sprintf("sync of %d streams to %s: batches of up to %d rows or %d bytes, closed after %v; up to %d requests at once, %d attempts each",
		len(rs.all), host(c.URL), c.Batching.MaxRows, c.Batching.MaxBytes, c.Batching.MaxAge(), c.Delivery.MaxConcurrentRequests, c.Delivery.Retry.MaxAttempts))
	for i, r := range rs.all {
		if i == maxListed {
			p.log.Info(fmt.Sprintf("and %d more streams", len(rs.all)-maxListed))
			break
		}
		p.log.Info(fmt.Sprintf("stream %s: %s by %s to %s", r.title(), r.mode, r.method, host(r.url)))
	}
}

// attempt logs an attempt that did not succeed and will be followed by another.
func (p *progress) attempt(a delivery.Attempt) {
	if a.Err == nil || a.Final {
		return
	}
	p.log.Warn(fmt.Sprintf("attempt %d of %s failed, the next one follows in %v: %v", a.N, a.ID, a.Wait.Round(time.Millisecond), a.Err))
}

// tick tells how far the sync is.
func (p *progress) tick(inFlight int) {
	now, total := time.Now(), p.stats.all()
	rate := float64(total.rows-p.lastRows) / max(now.Sub(p.last).Seconds(), 1e-3)
	p.last, p.lastRows = now, total.rows
	line := fmt.Sprintf("%d rows delivered, %.0f rows/s, %d requests in flight, %d retries", total.rows, rate, inFlight, total.retries)
	if p.terminal != nil {
		fmt.Fprintf(p.terminal, "\r\x1b[K%s", line)
		return
	}
	p.log.Info(line)
}

// end logs what the sync has done, and how many lines of noise it met.
func (p *progress) end(rs *routes, noise int64) {
	p.ticker.Stop()
	if p.terminal != nil {
		fmt.Fprint(p.terminal, "\r\x1b[K")
	}
	if noise > 0 {
		p.log.Warn(fmt.Sprintf("%d lines of the input were no JSON objects and were skipped", noise))
	}
	streams, total := p.stats.list()
	for n, i := range streams {
		if n == maxListed {
			p.log.Info(fmt.Sprintf("and %d more streams", len(streams)-maxListed))
			break
		}
		p.log.Info("stream " + rs.all[i].title() + ": " + p.stats.of(i))
	}
	p.compared(rs)
	took := time.Since(p.began)
	p.log.Info(fmt.Sprintf("in all: %d rows in %d batches, %d bytes, %d states, %d retries in %v (%.0f rows/s)",
		total.rows, total.batches, total.bytes, p.states, total.retries, took.Round(time.Millisecond), float64(total.rows)/max(took.Seconds(), 1e-3)))
}

// compared logs what the streams with a snapshot were found to be.
func (p *progress) compared(rs *routes) {
	listed := 0
	for _, r := range rs.all {
		if r.audience == nil {
			continue
		}
		if listed++; listed > maxListed {
			p.log.Info("and more streams were compared with the snapshot")
			return
		}
		p.log.Info("stream " + r.title() + ": " + r.audience.summary())
	}
}

// list returns the streams that sent something, in the catalog's order, and the totals.
func (s *stats) list() ([]int, streamStats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var streams []int
	for i := range s.streams {
		streams = append(streams, i)
	}
	slices.Sort(streams)
	return streams, s.total
}

// of describes what a stream has sent.
func (s *stats) of(stream int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.streams[stream]
	text := fmt.Sprintf("%d rows in %d batches, %d bytes, %d retries, latency p50 %v p95 %v",
		t.rows, t.batches, t.bytes, t.retries, t.latency.quantile(0.5), t.latency.quantile(0.95))
	if t.rejected > 0 {
		text += fmt.Sprintf(", %d rows rejected", t.rejected)
	}
	return text
}
