package journal

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Journal remembers requests within its bounds, and totals without any. It is safe for concurrent
// use.
type Journal struct {
	mu sync.Mutex

	kept     []*Request // oldest first
	bytes    int64
	maxKept  int
	maxBytes int64

	arrived   int64 // requests, which gives IDs
	accepted  int64 // requests, which gives the order of acceptance
	revision  int64 // counts every change
	resets    int64
	completed int64 // requests, which gives the order of answers
	dropped   bool  // something that came since the last reset is no longer kept
	forgotten bool  // likewise, and the totals lack it

	ids      ids
	runs     runs
	totals   tally
	claims   claims
	claiming sync.Mutex
	changed  chan struct{} // closed at the next change; nil while nobody waits
}

// Outcome is how a request was answered.
type Outcome struct {
	Status   int    // 0 if the connection was closed instead
	Fault    string // the fault that made the answer; "" for none
	Rejected []Rejection
	Body     string // of the answer
}

// Accepts reports whether the rows that are not rejected count as accepted. Half an answer has its
// status, so its rows count.
func (o Outcome) Accepts() bool { return o.Status >= 200 && o.Status < 300 }

// New returns a Journal that keeps up to this many requests, within this many bytes. It keeps the
// last request whatever its size, but not its body if that alone exceeds maxBytes.
func New(maxRequests int, maxBytes int64) *Journal {
	return &Journal{maxKept: maxRequests, maxBytes: maxBytes, ids: newIDs(), runs: newRuns(), totals: newTally(), claims: newClaims()}
}

// Arrive records a request as pending.
func (j *Journal) Arrive(q *Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.arrived++
	q.ID, q.epoch = j.arrived, j.resets
	id := j.ids.find(q.WebhookID)
	id.attempts++
	q.Attempt, q.Duplicate = id.attempts, id.accepted
	j.totals.arrive(q)
	if q.size() > j.maxBytes {
		q.Body = nil
		j.dropped = true
	}
	j.keep(q)
	j.change(q)
}

// Complete records the answer and the rows that it accepts.
func (j *Journal) Complete(q *Request, o Outcome, accepted []Row, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if q.epoch != j.resets {
		return
	}
	q.Done, q.Duration = true, now.Sub(q.Time)
	q.Status, q.Fault, q.Rejected = o.Status, o.Fault, o.Rejected
	q.Answer = Short(o.Body, maxAnswer)
	q.accepted = 0
	j.completed++
	q.completed = j.completed
	if o.Accepts() {
		j.accept(q, len(accepted))
	}
	j.totals.complete(q, accepted, now)
	if q.Manifest != nil {
		j.totals.stream(streamName{q.Namespace, q.Stream}) // it may have no rows
	}
	if q.counted > 0 {
		j.recount(q)
		j.trim()
	}
	j.change(q)
}

// accept gives the request its place in the order of acceptance.
func (j *Journal) accept(q *Request, rows int) {
	j.accepted++
	q.accepted = j.accepted
	id := j.ids.find(q.WebhookID)
	j.runs.accept(q, id, rows)
	switch {
	case q.Rows > 0:
		q.Duplicate, id.accepted = id.accepted, true
	// All checks of a connection have one Webhook-Id: the next one is no further attempt.
	case q.isCheck():
		id.attempts = 0
	}
}

// Count is Arrive and Complete for a request that is not kept.
func (j *Journal) Count(q *Request, status int, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.arrived++
	q.Status = status
	j.totals.arrive(q)
	j.totals.complete(q, nil, now)
	j.change(q)
}

// Reset forgets everything. Requests under way are completed without being counted, and IDs go on.
func (j *Journal) Reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	open := j.totals.totals.Open
	for _, q := range j.kept {
		q.counted = 0
	}
	j.kept, j.bytes, j.ids, j.runs, j.totals, j.claims = nil, 0, newIDs(), newRuns(), newTally(), newClaims()
	j.totals.totals.Open = open
	j.resets++
	j.dropped, j.forgotten = false, false
	j.notify()
}

func (j *Journal) keep(q *Request) {
	j.kept = append(j.kept, q)
	j.recount(q)
	j.trim()
}

// recount updates what the request counts for.
func (j *Journal) recount(q *Request) {
	size := q.size()
	j.bytes += size - q.counted
	q.counted = size
}

// trim drops the oldest requests until the rest is within the bounds.
func (j *Journal) trim() {
	for len(j.kept) > 1 && (len(j.kept) > j.maxKept || j.bytes > j.maxBytes) {
		j.bytes -= j.kept[0].counted
		j.kept[0].counted = 0
		j.kept[0] = nil
		j.kept = j.kept[1:]
		j.dropped = true
	}
}

// Requests returns copies of the kept requests, in order of arrival.
func (j *Journal) Requests() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := make([]Request, len(j.kept))
	for i, q := range j.kept {
		all[i] = *q
	}
	return all
}

// Request returns a copy of one kept request.
func (j *Journal) Request(id int64) (Request, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i, found := slices.BinarySearchFunc(j.kept, id, func(q *Request, id int64) int { return cmp.Compare(q.ID, id) })
	if !found {
		return Request{}, false
	}
	return *j.kept[i], true
}

// Accepted returns the accepted rows of the kept requests in order of acceptance. Rows that were
// accepted several times are in it as often.
func (j *Journal) Accepted() []Row {
	requests := j.Requests()
	slices.SortFunc(requests, func(a, b Request) int { return cmp.Compare(a.accepted, b.accepted) })
	var rows []Row
	for i := range requests {
		rows = append(rows, requests[i].acceptedRows()...)
	}
	return rows
}

// Totals returns what has been counted so far.
func (j *Journal) Totals() Totals {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.snapshot()
}
