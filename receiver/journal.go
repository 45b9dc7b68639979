package receiver

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// rememberedIDs bounds how many Webhook-Ids are known as seen; it is reached by
// 65 million rows in batches of 1000.
const rememberedIDs = 1 << 16

// longestID is the longest Webhook-Id worth remembering: ours is a digest, and a
// sender must not fill the memory.
const longestID = 256

// journal remembers requests within its bounds and totals without any. It is
// safe for concurrent use.
type journal struct {
	mu sync.Mutex

	kept     []*Request // oldest first
	bytes    int64
	maxKept  int
	maxBytes int64

	arrived  int64 // requests, which gives IDs
	accepted int64 // requests, which gives the order of acceptance
	revision int64 // counts every change

	ids   map[string]*seen
	order []string // of ids, oldest first

	totals  tally
	changed chan struct{} // closed at the next change; nil while nobody waits
}

// seen is what is known of one Webhook-Id.
type seen struct {
	attempts int
	accepted bool
}

func newJournal(maxKept int, maxBytes int64) *journal {
	return &journal{maxKept: maxKept, maxBytes: maxBytes, ids: map[string]*seen{}, totals: newTally()}
}

// enter records a request as pending.
func (j *journal) enter(q *Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.arrived++
	q.ID = j.arrived
	id := j.seen(q.WebhookID)
	id.attempts++
	q.Attempt, q.Duplicate = id.attempts, id.accepted
	j.totals.arrive(q)
	if q.size() > j.maxBytes {
		q.Body = nil
	}
	j.keep(q)
	j.change(q)
}

// settle records the answer and the rows it accepts.
func (j *journal) settle(q *Request, a answer, rows []Row, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	q.Done, q.Duration = true, now.Sub(q.Time)
	q.Status, q.Fault, q.Rejected = a.status, a.fault, a.rejected
	q.accepted = 0
	if a.accepts() {
		j.accepted++
		q.accepted = j.accepted
		switch id := j.seen(q.WebhookID); {
		case q.Rows > 0:
			q.Duplicate, id.accepted = id.accepted, true
		case q.isCheck(): // all checks of a connection have one Webhook-Id: the next is a new one, and doubles nothing
			id.attempts = 0
		}
	}
	j.totals.settle(q, rows, now)
	if q.counted > 0 {
		j.recount(q)
		j.trim()
	}
	j.change(q)
}

// count is enter and settle for a request of which nothing is kept.
func (j *journal) count(q *Request, a answer, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.arrived++
	q.Status = a.status
	j.totals.arrive(q)
	j.totals.settle(q, nil, now)
	j.change(q)
}

// seen finds or begins the memory of a Webhook-Id.
func (j *journal) seen(id string) *seen {
	if id == "" || len(id) > longestID {
		return &seen{}
	}
	if s, known := j.ids[id]; known {
		return s
	}
	if len(j.order) == rememberedIDs {
		delete(j.ids, j.order[0])
		j.order = j.order[1:]
	}
	s := &seen{}
	j.ids[id], j.order = s, append(j.order, id)
	return s
}

// keep adds a request.
func (j *journal) keep(q *Request) {
	j.kept = append(j.kept, q)
	j.recount(q)
	j.trim()
}

// recount counts what the request costs by now.
func (j *journal) recount(q *Request) {
	size := q.size()
	j.bytes += size - q.counted
	q.counted = size
}

// trim lets the oldest requests go where the bounds ask for it.
func (j *journal) trim() {
	for len(j.kept) > 1 && (len(j.kept) > j.maxKept || j.bytes > j.maxBytes) {
		j.bytes -= j.kept[0].counted
		j.kept[0].counted = 0
		j.kept[0] = nil
		j.kept = j.kept[1:]
	}
}

// connect counts connections that were opened, or closed.
func (j *journal) connect(n int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.totals.totals.Open += n
	j.tell()
}

// wake tells those who wait that something besides the requests has changed.
func (j *journal) wake() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tell()
}

func (j *journal) change(q *Request) {
	j.revision++
	q.revision = j.revision
	j.tell()
}

func (j *journal) tell() {
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// next returns a channel that is closed at the next change. Call it with mu held.
func (j *journal) next() <-chan struct{} {
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return j.changed
}

// requests returns copies of the kept requests, in order of arrival.
func (j *journal) requests() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := make([]Request, len(j.kept))
	for i, q := range j.kept {
		all[i] = *q
	}
	return all
}

// request returns a copy of one kept request.
func (j *journal) request(id int64) (Request, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i, found := slices.BinarySearchFunc(j.kept, id, func(q *Request, id int64) int { return cmp.Compare(q.ID, id) })
	if !found {
		return Request{}, false
	}
	return *j.kept[i], true
}
