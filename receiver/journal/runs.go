package journal

import (
	"fmt"

	"destination-webhook/destination/manifest"
)

// maxRuns bounds how many runs are remembered, the oldest out first: a sender chooses their names.
const maxRuns = 1000

// Run is what was accepted of one run of a stream, and what its manifest says of it.
type Run struct {
	Run      string  `json:"run"`
	State    State   `json:"state"`
	Batches  int64   `json:"batches"` // accepted, each Webhook-Id once
	Rows     int64   `json:"rows"`
	Expected *Counts `json:"expected,omitempty"` // by the manifest; nil before it comes
	Problem  string  `json:"problem,omitempty"`  // why it is broken
}

// Counts are those of a manifest.
type Counts struct {
	Batches int64 `json:"batches"`
	Rows    int64 `json:"rows"`
}

// State is how far a run is.
type State string

// The states of a run.
const (
	Open   State = "open"   // its manifest has not come
	Whole  State = "whole"  // it has all that its manifest says
	Broken State = "broken" // something is missing, or there is too much
)

// run counts the batches of a run.
type run struct {
	Run
	stream streamName
	digest manifest.Digest
}

// runs has the latest runs by their names. It is not safe for concurrent use.
type runs struct {
	known  map[string]*run
	order  []string // oldest first
	latest map[streamName]*run
}

func newRuns() runs {
	return runs{known: make(map[string]*run), latest: make(map[streamName]*run)}
}

// of returns the run of a request, and remembers it from now on.
func (r *runs) of(q *Request) *run {
	found := r.known[q.Run]
	if found == nil {
		if len(r.order) == maxRuns {
			oldest := r.known[r.order[0]]
			delete(r.known, r.order[0])
			r.order = r.order[1:]
			if r.latest[oldest.stream] == oldest {
				delete(r.latest, oldest.stream)
			}
		}
		found = &run{Run: Run{Run: q.Run, State: Open}, stream: streamName{q.Namespace, q.Stream}}
		r.known[q.Run], r.order = found, append(r.order, q.Run)
		r.latest[found.stream] = found
	}
	return found
}

// accept counts an accepted batch of a run. A batch that was counted for an earlier run counts for
// this one too.
func (r *runs) accept(q *Request, id *seen, rows int) {
	if q.Run == "" || q.Manifest != nil || id.run == q.Run {
		return
	}
	id.run, id.rows = q.Run, int64(rows)
	counted := r.of(q)
	counted.Batches++
	counted.Rows += id.rows
	counted.digest.Add(q.WebhookID)
}

// judge compares what was accepted of a run with its manifest, and returns what is wrong; "" if the
// run is whole.
func (j *Journal) judge(q *Request) string {
	m, r := q.Manifest, j.runs.of(q)
	batches, rows, digest := r.Batches, r.Rows, r.digest
	for _, name := range m.Superseded {
		if id := j.ids.known[name]; id != nil && id.run == q.Run {
			batches, rows = batches-1, rows-id.rows
			digest.Remove(name)
		}
	}
	taken := m.Accepted
	r.Expected = &Counts{m.Batches, taken.Added + taken.Changed + taken.Removed + taken.Upserted}
	r.State, r.Problem = Broken, ""
	switch {
	case batches != m.Batches:
		r.Problem = fmt.Sprintf("%d of %d batches were accepted here, with %d of %d rows", batches, m.Batches, rows, r.Expected.Rows)
	case digest.String() != m.Digest:
		r.Problem = fmt.Sprintf("%d batches were accepted here, but not those of the manifest: the digests of their Webhook-Ids differ", batches)
	default:
		r.State = Whole
	}
	return r.Problem
}

// restoreRun counts a request that was kept in a file.
func (j *Journal) restoreRun(q *Request, id *seen, rows int) {
	switch {
	case q.Manifest != nil:
		j.totals.stream(streamName{q.Namespace, q.Stream})
		j.judge(q)
	case q.accepted > 0:
		j.runs.accept(q, id, rows)
	}
}

// Judge returns what is wrong with the run whose manifest a request is; "" if it is whole.
func (j *Journal) Judge(q *Request) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.judge(q)
}

// snapshot returns the totals, with the latest run of each stream.
func (j *Journal) snapshot() Totals {
	t := j.totals.snapshot()
	for i := range t.Streams {
		if r := j.runs.latest[streamName{t.Streams[i].Namespace, t.Streams[i].Stream}]; r != nil {
			latest := r.Run
			t.Streams[i].Run = &latest
		}
	}
	return t
}
