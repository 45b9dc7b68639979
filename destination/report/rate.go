package report

import "time"

// rateWindow is the time over which a rate is measured.
const rateWindow = 5 * time.Second

// rate measures how fast a count grows.
type rate struct{ samples []rateSample }

type rateSample struct {
	at    time.Time
	count int64
}

// per returns the growth per second over the last window, given the count now.
func (r *rate) per(now time.Time, count int64) float64 {
	for len(r.samples) > 1 && now.Sub(r.samples[1].at) >= rateWindow {
		r.samples = r.samples[1:]
	}
	r.samples = append(r.samples, rateSample{now, count})
	first := r.samples[0]
	if now.Sub(first.at) < time.Second {
		return 0 // too short to say
	}
	return float64(count-first.count) / now.Sub(first.at).Seconds()
}
