package report

import "time"

// Load is how many requests were in flight at a moment of a sync.
type Load struct {
	At       float64 `json:"at_seconds"` // since the sync began
	InFlight int     `json:"in_flight"`
	Limit    int     `json:"limit"` // how many the endpoint was given at once; 0: any number
}

// loads is how the load of a sync went. It keeps up to maxLoads moments: of a longer sync fewer
// for each minute.
type loads struct {
	kept    []Load
	stride  int // one moment in this many is kept
	skipped int
}

const maxLoads = 240

func (l *loads) add(at time.Duration, inFlight, limit int) {
	if l.skipped++; l.skipped < l.stride {
		return
	}
	l.skipped = 0
	l.kept = append(l.kept, Load{at.Seconds(), inFlight, limit})
	if len(l.kept) < maxLoads {
		return
	}
	for i := range maxLoads / 2 {
		l.kept[i] = l.kept[2*i+1]
	}
	l.kept, l.stride = l.kept[:maxLoads/2], 2*max(1, l.stride)
}
