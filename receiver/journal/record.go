package journal

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// shownHeaders are the beginnings of names whose values are no credentials. All other headers are
// secret, because every service names its keys as it likes. A signature does not reveal its secret.
var shownHeaders = []string{"Accept", "Airbyte-", "Content-", "Host", "User-Agent", "Webhook-"}

// SecretHeader reports whether the value of a header may be a credential.
func SecretHeader(name string) bool {
	return !slices.ContainsFunc(shownHeaders, func(begin string) bool { return strings.HasPrefix(name, begin) })
}

// Record is a request in the form in which it outlives the Journal, without its secrets.
type Record struct {
	Request
	Accepted  int64 `json:",omitempty"`
	Completed int64
}

// Record returns a kept request that was answered. Secret headers and the query are left out.
func (j *Journal) Record(id int64) (Record, bool) {
	q, found := j.Request(id)
	if !found || !q.Done {
		return Record{}, false
	}
	header := http.Header{}
	for name, values := range q.Header {
		if !SecretHeader(name) {
			header[name] = values
		}
	}
	q.Header = header
	q.URL, _, _ = strings.Cut(q.URL, "?")
	return Record{q, q.accepted, q.completed}, true
}

// Restore fills a new Journal with records, in the order of their IDs. Totals count those that are
// still within its bounds.
func (j *Journal) Restore(records []Record, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range records {
		q := &records[i].Request
		q.accepted, q.completed = records[i].Accepted, records[i].Completed
		q.epoch = j.resets
		j.arrived, j.accepted, j.completed = max(j.arrived, q.ID), max(j.accepted, q.accepted), max(j.completed, q.completed)
		id := j.ids.find(q.WebhookID)
		id.attempts, id.accepted = max(id.attempts, q.Attempt), id.accepted || q.accepted > 0 && q.Rows > 0
		j.totals.arrive(q)
		rows := q.acceptedRows()
		j.totals.complete(q, rows, now)
		j.restoreRun(q, id, len(rows))
		j.keep(q)
		j.change(q)
	}
	j.forgotten = len(records) > 0 && records[0].ID > 1
	j.dropped = j.dropped || j.forgotten
}
