package journal

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Version is one row that came for a key.
type Version struct {
	Row
	Request   *Request
	Index     int
	Accepted  bool
	Rejected  string // the reason, if the answer names the row
	Overtaken bool   // a row with a later emitted_at was accepted before
}

// History returns the rows of the kept requests that came for a key, in the order in which they
// were answered. Ordered reports whether all accepted ones have an emitted_at: without it nobody
// can tell whether one overtook another.
func (j *Journal) History(stream, namespace, key string) (versions []Version, ordered bool) {
	requests := j.inOrder(stream, namespace)
	ordered = true
	var latest float64
	for i := range requests {
		for _, v := range requests[i].versions(key) {
			at, err := strconv.ParseFloat(string(v.EmittedAt), 64)
			if v.Accepted {
				ordered = ordered && err == nil
				v.Overtaken = err == nil && at < latest
				latest = max(latest, at)
			}
			versions = append(versions, v)
		}
	}
	return versions, ordered
}

// inOrder returns the answered requests of a stream in the order in which they were answered.
func (j *Journal) inOrder(stream, namespace string) []Request {
	requests := slices.DeleteFunc(j.Requests(), func(q Request) bool { return q.Stream != stream || q.Namespace != namespace || !q.Done })
	slices.SortStableFunc(requests, func(a, b Request) int { return cmp.Compare(a.completed, b.completed) })
	return requests
}

func (q *Request) versions(key string) []Version {
	var versions []Version
	for i, row := range q.EnvelopeRows() {
		if len(row.PrimaryKey) == 0 || KeyText(row.PrimaryKey) != key {
			continue
		}
		reason, rejected := q.rejection(i)
		versions = append(versions, Version{Row: row, Request: q, Index: i, Accepted: q.accepted > 0 && !rejected, Rejected: reason})
	}
	return versions
}

func (q *Request) rejection(index int) (reason string, found bool) {
	for _, r := range q.Rejected {
		if r.Index == index {
			return r.Reason, true
		}
	}
	return "", false
}

// Table is what an endpoint has of a stream after it applied the accepted rows.
type Table struct {
	Rows       []Version // by key
	Operations map[string]int
	Removed    int  // keys whose last row was a removal
	Keyless    int  // accepted rows without a key, which are not in the table
	Complete   bool // no request was dropped, so nothing is missing
}

// Table applies the accepted rows of the kept requests of a stream.
func (j *Journal) Table(stream, namespace string) Table {
	t := Table{Operations: map[string]int{}, Complete: j.complete()}
	requests := j.inOrder(stream, namespace)
	byKey := map[string]Version{}
	for i := range requests {
		q := &requests[i]
		if q.accepted == 0 {
			continue
		}
		named := map[int]bool{}
		for _, r := range q.Rejected {
			named[r.Index] = true
		}
		for index, row := range q.EnvelopeRows() {
			if !named[index] {
				t.apply(byKey, Version{Row: row, Request: q, Index: index, Accepted: true})
			}
		}
	}
	for _, v := range byKey {
		t.Rows = append(t.Rows, v)
	}
	slices.SortFunc(t.Rows, func(a, b Version) int { return compareKeys(a.PrimaryKey, b.PrimaryKey) })
	return t
}

func (t *Table) apply(byKey map[string]Version, v Version) {
	t.Operations[v.Operation]++
	key := string(v.PrimaryKey)
	switch {
	case key == "":
		t.Keyless++
	case v.Operation == "removed":
		if _, there := byKey[key]; there {
			t.Removed++
		}
		delete(byKey, key)
	default:
		byKey[key] = v
	}
}

// compareKeys orders numbers by value and other keys by text.
func compareKeys(a, b json.RawMessage) int {
	left, right := KeyText(a), KeyText(b)
	x, err1 := strconv.ParseInt(left, 10, 64)
	y, err2 := strconv.ParseInt(right, 10, 64)
	if err1 == nil && err2 == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(left, right)
}

// complete reports whether all that came since the last reset is still kept.
func (j *Journal) complete() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.dropped
}
