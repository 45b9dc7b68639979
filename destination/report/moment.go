package report

import (
	"fmt"
	"time"

	"destination-webhook/destination/engine"
)

// moment is how far a sync is.
type moment struct {
	rows, retries   int64
	rate            float64       // in rows a second
	inFlight, limit int           // of requests; a limit of 0 is not known
	left            time.Duration // until all records are read, by the source's estimate; 0: not known
}

func (p *Progress) moment(now time.Time, e engine.Moment) moment {
	total := p.stats.all()
	m := moment{rows: total.rows(), retries: total.retries, inFlight: e.InFlight}
	m.rate = p.rate.per(now, m.rows)
	if pace := p.pace.per(now, e.Records); pace > 0 && e.Expected > e.Records {
		m.left = time.Duration(float64(e.Expected-e.Records) / pace * float64(time.Second)).Round(time.Second)
	}
	if p.load != nil {
		m.inFlight, m.limit = p.load() // the limit is not known before the first request
	}
	return m
}

// String returns the line that a person watches.
func (m moment) String() string {
	inFlight := count(int64(m.inFlight), "request")
	if m.limit > 0 {
		inFlight = fmt.Sprintf("%d of %s", m.inFlight, count(int64(m.limit), "request"))
	}
	line := fmt.Sprintf("%s delivered, %.0f rows/s, %s in flight, %s", count(m.rows, "row"), m.rate, inFlight, retries(m.retries))
	if m.left > 0 {
		line += fmt.Sprintf(", about %s left", m.left)
	}
	return line
}

// attributes are for the log.
func (m moment) attributes() []any {
	all := []any{"rows", m.rows, "rows_per_second", int64(m.rate), "requests_in_flight", m.inFlight}
	if m.limit > 0 {
		all = append(all, "max_requests", m.limit)
	}
	if all = append(all, "retries", m.retries); m.left > 0 {
		all = append(all, "time_left", m.left)
	}
	return all
}

// count returns a number with its noun, which takes an s in the plural.
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
