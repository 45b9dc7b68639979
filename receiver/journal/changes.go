package journal

import (
	"context"
	"time"
)

// Cursor is how far a reader of changes has come. The zero value has read nothing.
type Cursor struct {
	revision int64
	second   int64
}

// Changes are what has changed after a Cursor.
type Changes struct {
	Totals   Totals
	Seconds  []Second
	Requests []Request // in order of arrival
	Oldest   int64     // the ID of the oldest request that is kept, or of the next one
}

// Since returns what has changed after the cursor, advances it, and returns a channel that is
// closed at the next change.
func (j *Journal) Since(c *Cursor, now time.Time) (Changes, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	changes := Changes{Totals: j.snapshot(), Seconds: j.totals.chart.since(c.second, now.Unix())}
	for _, q := range j.kept {
		if q.revision > c.revision {
			changes.Requests = append(changes.Requests, *q)
		}
	}
	changes.Oldest = j.arrived + 1
	if len(j.kept) > 0 {
		changes.Oldest = j.kept[0].ID
	}
	c.revision, c.second = j.revision, now.Unix()
	return changes, j.next()
}

// Watch returns the totals, and a channel that is closed at the next change.
func (j *Journal) Watch() (Totals, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.snapshot(), j.next()
}

// Wait returns when the totals satisfy until, or with the context's error.
func (j *Journal) Wait(ctx context.Context, until func(Totals) bool) error {
	for {
		totals, next := j.Watch()
		if until(totals) {
			return nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Connect counts n connections that were opened, or closed if it is negative.
func (j *Journal) Connect(n int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.totals.totals.Open += n
	j.notify()
}

// Wake notifies those who wait that something besides the requests has changed.
func (j *Journal) Wake() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notify()
}

func (j *Journal) change(q *Request) {
	j.revision++
	q.revision = j.revision
	j.notify()
}

func (j *Journal) notify() {
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// next returns a channel that is closed at the next change. Call it with mu held.
func (j *Journal) next() <-chan struct{} {
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return j.changed
}
