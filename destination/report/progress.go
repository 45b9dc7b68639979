package report

import (
	"cmp"
	"log/slog"
	"strings"
	"time"

	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/engine"
	"destination-webhook/destination/printable"
	"destination-webhook/destination/route"
	"destination-webhook/destination/sender"
)

const (
	// logInterval is the time between two lines of progress in the log, drawInterval on a terminal.
	logInterval  = 10 * time.Second
	drawInterval = 200 * time.Millisecond
	// maxListed bounds how many streams the log names one by one.
	maxListed = 50
)

// Progress shows people how a sync goes: in the log and, if somebody watches, on a console. It
// belongs to the engine's goroutine; only Info, Warn, WarnAttempt, Attempted and Settled may be
// called by others.
type Progress struct {
	log      *slog.Logger
	console  Console // nil: nobody watches
	stats    *stats
	attempts attemptLog
	ticker   *time.Ticker
	load     func() (inFlight, limit int) // of requests; nil: not known
	limit    int                          // as the log knows it; 0: nothing was logged yet

	began                 time.Time
	logged                time.Time // when the log was last told
	rate, pace            rate      // of rows that were delivered, of records that were read
	states                int64
	firstState, lastState time.Time
	loads                 loads
	measured              func(Measures) // nil: nobody wants them
	retried               *Retried       // at the end; nil: no rejected row is tried again
	manifests             map[*route.Route]*Manifest
	summary               *Summary // after the sync has ended
}

// NewProgress returns the progress of a sync that begins now. A nil console means that nobody
// watches. The caller has to call End or Stop.
func NewProgress(log *slog.Logger, console Console) *Progress {
	interval := logInterval
	if console != nil {
		interval = drawInterval
	}
	now := time.Now()
	return &Progress{
		log: log, console: console, stats: newStats(), attempts: attemptLog{log: log},
		ticker: time.NewTicker(interval), began: now, logged: now,
	}
}

// Warn logs what a user should know; args are as those of slog.
func (p *Progress) Warn(text string, args ...any) { p.log.Warn(text, args...) }

// Info logs what a user may want to know; args are as those of slog.
func (p *Progress) Info(text string, args ...any) { p.log.Info(text, args...) }

// StateEmitted counts a state; see engine.Observer.
func (p *Progress) StateEmitted() {
	p.states++
	p.lastState = time.Now()
	if p.states == 1 {
		p.firstState = p.lastState
	}
}

// Due has the moments at which progress is told.
func (p *Progress) Due() <-chan time.Time { return p.ticker.C }

// Attempted counts and logs an attempt; see sender.Observer.
func (p *Progress) Attempted(r *route.Route, rows int, a delivery.Attempt) {
	p.stats.attempted(r, a)
	p.attempts.debug(r, rows, a)
}

// Settled counts a batch; see sender.Observer.
func (p *Progress) Settled(r *route.Route, c sender.Counts) { p.stats.settled(r, c) }

// Start logs what the sync is about to do. load returns how many requests are in flight, and how
// many the endpoint is given at once.
func (p *Progress) Start(c *config.Config, table route.Table, load func() (inFlight, limit int)) {
	p.load = load
	p.log.Info("the sync begins", "streams", len(table), "endpoint", printable.Host(c.URL), "max_rows", c.Batching.MaxRows,
		"max_bytes", c.Batching.MaxBytes, "max_age", c.Batching.MaxAge(),
		"max_concurrent_requests", c.Delivery.MaxConcurrentRequests, "max_attempts", c.Delivery.Retry.MaxAttempts)
	for i, r := range table {
		if i == maxListed {
			p.log.Info("and more streams", "streams", len(table)-maxListed)
			break
		}
		p.log.Info("a stream of the sync", "stream", r.Title(), "sync_mode", r.Mode, "method", cmp.Or(strings.Join(r.Methods(), ", "), r.Method), "endpoint", printable.Host(r.URL))
	}
}

// MeasureWith makes the progress tell its numbers every ten seconds, and at the end.
func (p *Progress) MeasureWith(measured func(Measures)) { p.measured = measured }

// WarnAttempt logs an attempt if it failed and is followed by another.
func (p *Progress) WarnAttempt(a delivery.Attempt) { p.attempts.warn(a) }

// Stop ends the moments of Due.
func (p *Progress) Stop() { p.ticker.Stop() }

// Observe shows how far the sync is. With a console it is called more often than the log is told.
func (p *Progress) Observe(m engine.Moment) {
	now := time.Now()
	at := p.moment(now, m)
	if p.console != nil {
		p.console.Progress(at.String())
	}
	if now.Sub(p.logged) < logInterval-drawInterval { // the last moment may have come late
		return
	}
	p.logged = now
	p.attempts.flush()
	if p.measured != nil {
		p.measured(p.measures(now, at, m))
	}
	if p.load != nil {
		p.loads.add(now.Sub(p.began), at.inFlight, at.limit)
		p.logLimit(at.limit)
	}
	if p.console == nil || !p.console.ShowsLog() {
		p.log.Info("progress", at.attributes()...)
	}
}

// logLimit logs that the endpoint is given more or fewer requests at once than the log knows.
func (p *Progress) logLimit(limit int) {
	if p.limit != 0 && limit != p.limit {
		p.log.Info("concurrency adapted to the endpoint", "requests", limit, "before", p.limit)
	}
	p.limit = limit
}
