package destination

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/route"
	"destination-webhook/destination/sender"
	"destination-webhook/protocol"
)

const (
	// logInterval is the time between two lines of progress in the log, drawInterval on a terminal.
	logInterval  = 10 * time.Second
	drawInterval = 200 * time.Millisecond
	// maxListed bounds how many streams the log names one by one.
	maxListed = 50
)

// progress shows people how a sync goes: in the log, or, on a terminal, in a line that is drawn
// over and over. It belongs to the engine's goroutine; only attempt, Answered and Settled may be
// called by others.
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

// Warn logs what a user should know.
func (p *progress) Warn(text string) { p.log.Warn(text) }

// StateEmitted counts a state; see engine.Observer.
func (p *progress) StateEmitted() { p.states++ }

// Due has the moments at which progress is told.
func (p *progress) Due() <-chan time.Time { return p.ticker.C }

// Answered counts a delivery; see sender.Observer.
func (p *progress) Answered(r *route.Route, attempts int, latency time.Duration) {
	p.stats.answered(r, attempts, latency)
}

// Settled counts a batch; see sender.Observer.
func (p *progress) Settled(r *route.Route, c sender.Counts) { p.stats.settled(r, c) }

// start logs what the sync is about to do.
func (p *progress) start(c *config.Config, table route.Table) {
	p.log.Info(fmt.Sprintf("sync of %d streams to %s: batches of up to %d rows or %d bytes, closed after %v; up to %d requests at once, %d attempts each",
		len(table), route.Host(c.URL), c.Batching.MaxRows, c.Batching.MaxBytes, c.Batching.MaxAge(), c.Delivery.MaxConcurrentRequests, c.Delivery.Retry.MaxAttempts))
	for i, r := range table {
		if i == maxListed {
			p.log.Info(fmt.Sprintf("and %d more streams", len(table)-maxListed))
			break
		}
		p.log.Info(fmt.Sprintf("stream %s: %s by %s to %s", r.Title(), r.Mode, r.Method, route.Host(r.URL)))
	}
}

// attempt logs an attempt that did not succeed and will be followed by another.
func (p *progress) attempt(a delivery.Attempt) {
	if a.Err == nil || a.Final {
		return
	}
	p.log.Warn(fmt.Sprintf("attempt %d of %s failed, the next one follows in %v: %v", a.N, a.ID, a.Wait.Round(time.Millisecond), a.Err))
}

// Observe shows how far the sync is.
func (p *progress) Observe(inFlight int) {
	now, total := time.Now(), p.stats.all()
	rate := float64(total.rows-p.lastRows) / max(now.Sub(p.last).Seconds(), 1e-3)
	p.last, p.lastRows = now, total.rows
	line := fmt.Sprintf("%d rows delivered, %.0f rows/s, %d requests in flight, %d retries", total.rows, rate, inFlight, total.retries)
	if p.terminal != nil {
		_, _ = io.WriteString(p.terminal, line)
		return
	}
	p.log.Info(line)
}

// end logs what the sync has done, and which lines of the input it skipped.
func (p *progress) end(streams []*engine.Stream, skipped protocol.Skipped) {
	p.ticker.Stop()
	if p.terminal != nil {
		_, _ = io.WriteString(p.terminal, "")
	}
	if kinds := skipped.String(); kinds != "" {
		p.log.Warn("lines of the input were skipped, as they are no Airbyte messages: " + kinds)
	}
	p.sent(streams)
	p.compared(streams)
	total, took := p.stats.all(), time.Since(p.began)
	p.log.Info(fmt.Sprintf("in all: %d rows in %d batches, %d bytes, %d states, %d retries in %v (%.0f rows/s)",
		total.rows, total.batches, total.bytes, p.states, total.retries, took.Round(time.Millisecond), float64(total.rows)/max(took.Seconds(), 1e-3)))
}

// sent logs what the streams have sent, in the catalog's order.
func (p *progress) sent(streams []*engine.Stream) {
	listed := 0
	for _, stream := range streams {
		text, sent := p.stats.of(stream.Route)
		if !sent {
			continue
		}
		if listed++; listed > maxListed {
			p.log.Info(fmt.Sprintf("and %d more streams", p.stats.len()-maxListed))
			return
		}
		p.log.Info("stream " + stream.Route.Title() + ": " + text)
	}
}

// compared logs what the streams with a snapshot were found to be.
func (p *progress) compared(streams []*engine.Stream) {
	listed := 0
	for _, stream := range streams {
		if stream.Audience == nil {
			continue
		}
		if listed++; listed > maxListed {
			p.log.Info("and more streams were compared with the snapshot")
			return
		}
		p.log.Info("stream " + stream.Route.Title() + ": " + stream.Audience.Summary())
	}
}
