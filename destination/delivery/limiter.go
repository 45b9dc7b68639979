package delivery

import (
	"math"
	"time"
)

// The constants of the control loop. They were chosen in simulation (see limiter_test.go) and none
// is critical.
const (
	minRound    = 20          // answers that make an average worth comparing
	tolerance   = 0.1         // rise of the latency that is not yet a queue, however many share it
	nearly      = 0.9         // of what a queue of one adds
	shrinkQueue = 0.9         // factor after a round that was slower
	shrinkLoad  = 0.75        // factor after a 429, a 503 or a timeout
	holdLoad    = time.Minute // how long the limit stays below one that was too much
	// Share of a faster round in the average; a slower one has none, or a queue would become
	// normal.
	baselineDown = 0.05
)

// sample is what one attempt shows about its endpoint.
type sample struct {
	started    time.Time
	latency    time.Duration // 0: it measured nothing, for instance a refused connection
	overloaded bool          // 429, 503 or a timeout
	full       bool          // all slots were in use when it ended
}

// limiter finds how many attempts an endpoint can work on in parallel (AIMD). The limit rises by
// one while the latency does not, and falls by a factor when the latency rises, because requests
// then wait in a queue of the endpoint, or when the endpoint says that it is overloaded. Until the
// first sign of either, the limit doubles. Attempts are judged in rounds, by their average, because
// single latencies scatter. It is not safe for concurrent use.
type limiter struct {
	most     int
	limit    float64
	doubling bool
	baseline float64 // seconds; 0: none yet

	round   round
	changed time.Time // attempts that started before the last decrease teach nothing

	threshold float64 // below a limit that was too much
	held      time.Time
}

// round is the attempts since the last judgement.
type round struct {
	count, mean, squares float64 // Welford's running mean and sum of squared differences
	full                 bool
}

func newLimiter(most int) *limiter {
	return &limiter{most: most, limit: 1, doubling: true}
}

func (a *limiter) current() int { return int(a.limit) }

func (a *limiter) observe(l sample, now time.Time) {
	if l.started.Before(a.changed) {
		return
	}
	if l.overloaded {
		a.threshold, a.held = max(1, math.Floor(a.limit)-1), now.Add(holdLoad)
		a.decrease(shrinkLoad, now)
		return
	}
	a.round.full = a.round.full || l.full
	if l.latency > 0 {
		a.add(l.latency.Seconds())
	}
	if a.round.count >= max(minRound, a.limit) || a.doubling && a.round.count >= a.limit {
		a.judge(now)
	}
}

func (a *limiter) add(seconds float64) {
	a.round.count++
	delta := seconds - a.round.mean
	a.round.mean += delta / a.round.count
	a.round.squares += delta * (seconds - a.round.mean)
}

// judge ends a round. One that was slower than the average by as much as one waiting request
// explains, and by more than chance, means a queue.
func (a *limiter) judge(now time.Time) {
	r := a.round
	if a.baseline == 0 {
		a.baseline = r.mean
	}
	chance := 2 * math.Sqrt(r.squares) / r.count // standard errors of the mean
	inFlight := math.Floor(a.limit)
	queue := max(tolerance, nearly/max(1, inFlight-1)) * a.baseline
	slower := r.mean > a.baseline+max(queue, chance)
	switch {
	case slower && a.limit < 2:
		a.baseline, a.doubling = r.mean, true // one alone waits for nobody: the work takes longer now
	case slower:
		a.decrease(shrinkQueue, now)
		return
	case r.mean < a.baseline:
		a.baseline += baselineDown * (r.mean - a.baseline)
	}
	if r.full {
		a.increase(now)
	}
	a.round = round{}
}

func (a *limiter) increase(now time.Time) {
	next := a.limit + 1
	if a.doubling {
		next = a.limit * 2
	}
	if now.Before(a.held) {
		next = min(next, max(a.threshold, a.limit))
	}
	a.limit = min(next, float64(a.most))
}

func (a *limiter) decrease(factor float64, now time.Time) {
	a.doubling = false
	a.limit = max(1, a.limit*factor)
	a.changed = now
	a.round = round{}
}
