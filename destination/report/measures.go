package report

import (
	"time"

	"destination-webhook/destination/engine"
)

// Measures are the numbers of a sync at a moment. Counts are those since it began.
type Measures struct {
	At                      time.Time
	Rows, Rejected, Skipped int64
	Replaced                int64            // see sender.Counts
	Sent                    int64            // bytes of bodies on the wire
	Statuses, Retries       map[string]int64 // requests by status, retries by cause
	States                  int64
	Latency                 Histogram
	// Requests, and how many the endpoint is given at once; 0: any number.
	InFlight, Limit int
	Buffered        int           // bytes of rows and states that wait
	StateLag        time.Duration // since the last state came out, or the sync began
}

// Histogram is how long deliveries took, in seconds.
type Histogram struct {
	Bounds []float64 // upper ones, ascending
	Counts []int64   // one more than bounds
	Count  int64
	Sum    float64
}

// measures returns the numbers of now.
func (p *Progress) measures(now time.Time, at moment, e engine.Moment) Measures {
	total := p.stats.all()
	m := Measures{
		At: now, Rows: total.rows(), Rejected: total.rejected.Sum(), Skipped: e.Skipped + total.suppressed.Sum(),
		Replaced: total.replaced, Sent: total.sent, States: p.states,
		Latency: total.latency.histogram(), InFlight: at.inFlight, Limit: at.limit, Buffered: e.Buffered,
	}
	m.Statuses, m.Retries = p.stats.byStatus()
	last := p.lastState
	if last.IsZero() {
		last = p.began
	}
	m.StateLag = now.Sub(last)
	return m
}

func (l *latency) histogram() Histogram {
	h := Histogram{Counts: l.counts[:], Count: l.n, Sum: l.sum.Seconds()}
	for _, bound := range latencyBounds {
		h.Bounds = append(h.Bounds, bound.Seconds())
	}
	return h
}
