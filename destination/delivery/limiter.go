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
	changed time.Time // attempts that started before the last decrease are ignored

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

func (l *limiter) current() int { return int(l.limit) }

func (l *limiter) observe(s sample, now time.Time) {
	if s.started.Before(l.changed) {
		return
	}
	if s.overloaded {
		l.threshold, l.held = max(1, math.Floor(l.limit)-1), now.Add(holdLoad)
		l.decrease(shrinkLoad, now)
		return
	}
	l.round.full = l.round.full || s.full
	if s.latency > 0 {
		l.add(s.latency.Seconds())
	}
	if l.round.count >= max(minRound, l.limit) || l.doubling && l.round.count >= l.limit {
		l.judge(now)
	}
}

func (l *limiter) add(seconds float64) {
	l.round.count++
	delta := seconds - l.round.mean
	l.round.mean += delta / l.round.count
	l.round.squares += delta * (seconds - l.round.mean)
}

// judge ends a round. One that was slower than the average by as much as one waiting request
// explains, and by more than chance, means a queue.
func (l *limiter) judge(now time.Time) {
	r := l.round
	if l.baseline == 0 {
		l.baseline = r.mean
	}
	chance := 2 * math.Sqrt(r.squares) / r.count // standard errors of the mean
	inFlight := math.Floor(l.limit)
	queue := max(tolerance, nearly/max(1, inFlight-1)) * l.baseline
	slower := r.mean > l.baseline+max(queue, chance)
	switch {
	case slower && l.limit < 2:
		l.baseline, l.doubling = r.mean, true // one alone waits for nobody: the work takes longer now
	case slower:
		l.decrease(shrinkQueue, now)
		return
	case r.mean < l.baseline:
		l.baseline += baselineDown * (r.mean - l.baseline)
	}
	if r.full {
		l.increase(now)
	}
	l.round = round{}
}

func (l *limiter) increase(now time.Time) {
	next := l.limit + 1
	if l.doubling {
		next = l.limit * 2
	}
	if now.Before(l.held) {
		next = min(next, max(l.threshold, l.limit))
	}
	l.limit = min(next, float64(l.most))
}

func (l *limiter) decrease(factor float64, now time.Time) {
	l.doubling = false
	l.limit = max(1, l.limit*factor)
	l.changed = now
	l.round = round{}
}
