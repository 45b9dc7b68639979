package journal

import (
	"cmp"
	"encoding/json"
	"maps"
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

// History is what came for a key.
type History struct {
	Versions  []Version // the last ones, in the order in which they were answered
	Left      int       // versions before those
	Overtaken int       // of all versions
	// All accepted ones have an emitted_at: without it nobody can tell whether one overtook
	// another.
	Ordered bool
}

// History returns the rows of the kept requests that came for a key, the last ones up to a number.
func (j *Journal) History(stream, namespace, key string, most int) History {
	requests := j.inOrder(stream, namespace)
	h := History{Ordered: true}
	var latest float64
	for i := range requests {
		for _, v := range requests[i].versions(key) {
			at, err := strconv.ParseFloat(string(v.EmittedAt), 64)
			if v.Accepted {
				h.Ordered = h.Ordered && err == nil
				v.Overtaken = err == nil && at < latest
				latest = max(latest, at)
			}
			if v.Overtaken {
				h.Overtaken++
			}
			h.Versions = append(h.Versions, v)
		}
		if beyond := len(h.Versions) - most; beyond > 0 {
			h.Left += beyond
			h.Versions = slices.Clone(h.Versions[beyond:])
		}
	}
	return h
}

// inOrder returns the answered requests of a stream in the order in which they were answered.
func (j *Journal) inOrder(stream, namespace string) []Request {
	requests := slices.DeleteFunc(j.Requests(), func(q Request) bool { return q.Stream != stream || q.Namespace != namespace || !q.Done })
	slices.SortStableFunc(requests, func(a, b Request) int { return cmp.Compare(a.completed, b.completed) })
	return requests
}

func (q *Request) versions(key string) []Version {
	var versions []Version
	reasons := q.reasons()
	for i, row := range q.EnvelopeRows() {
		if len(row.PrimaryKey) == 0 || KeyText(row.PrimaryKey) != key {
			continue
		}
		reason, rejected := reasons[i]
		versions = append(versions, Version{Row: row, Request: q, Index: i, Accepted: q.accepted > 0 && !rejected, Rejected: reason})
	}
	return versions
}

// reasons returns why rows were rejected, by their index.
func (q *Request) reasons() map[int]string {
	reasons := make(map[int]string, len(q.Rejected))
	for _, r := range q.Rejected {
		reasons[r.Index] = r.Reason
	}
	return reasons
}

// maxTable bounds the keys of a table: each takes more memory than its row.
const maxTable = 100_000

// Table is what an endpoint has of a stream after it applied the accepted rows.
type Table struct {
	Rows       []Version // by key
	Operations map[string]int
	Removed    int  // keys whose last row was a removal
	Keyless    int  // accepted rows without a key, which are not in the table
	Complete   bool // no request was dropped, so nothing is missing
	Cut        bool // there are more than maxTable keys; the others are missing
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
		reasons := q.reasons()
		for index, row := range q.EnvelopeRows() {
			if _, rejected := reasons[index]; !rejected {
				t.apply(byKey, Version{Row: row, Request: q, Index: index, Accepted: true})
			}
		}
	}
	t.Rows = inOrderOfKeys(byKey)
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
		if _, there := byKey[key]; !there && len(byKey) == maxTable {
			t.Cut = true
			return
		}
		byKey[key] = v
	}
}

// inOrderOfKeys orders rows by their keys: numbers by value, and other keys by text.
func inOrderOfKeys(byKey map[string]Version) []Version {
	texts := make(map[string]string, len(byKey))
	for key := range byKey {
		texts[key] = KeyText(json.RawMessage(key))
	}
	var rows []Version
	for _, key := range slices.SortedFunc(maps.Keys(byKey), func(a, b string) int { return compareKeys(texts[a], texts[b]) }) {
		rows = append(rows, byKey[key])
	}
	return rows
}

func compareKeys(left, right string) int {
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
