package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"destination-webhook/receiver"
)

// audience is what an endpoint has of a table once it has done what it was told. Values are by key,
// and keys that are equal numbers are one.
type audience struct {
	mode string

	mu    sync.Mutex
	rows  map[string]int
	known map[string]bool // keys that a sync which ended well has read since they were removed last
	// Keys that had a row which is refused: a removal that carries such a row is refused as well.
	bad map[string]bool
}

func newAudience(mode string) *audience {
	return &audience{mode: mode, rows: make(map[string]int), known: make(map[string]bool), bad: make(map[string]bool)}
}

// told is a row as the endpoint gets it. In a form every value is a text.
type told struct {
	Operation string
	Key       json.RawMessage `json:"primary_key"`
	Data      struct {
		ID    json.RawMessage
		Value json.Number
	}
}

// key returns what the row's key is at the endpoint.
func (t *told) key() string {
	key := t.Key
	if len(key) == 0 { // the row is its data alone
		key = t.Data.ID
	}
	var text string
	if json.Unmarshal(key, &text) != nil {
		text = string(key)
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		text = fmt.Sprintf("key %v", n)
	}
	return text
}

// Write applies the rows that the endpoint accepts.
func (a *audience) Write(rows []byte) (int, error) {
	for lines := bufio.NewScanner(bytes.NewReader(rows)); lines.Scan(); {
		var row told
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return 0, err
		}
		if err := a.apply(row); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

func (a *audience) apply(row told) error {
	key := row.key()
	a.mu.Lock()
	defer a.mu.Unlock()
	if row.Operation == "removed" {
		delete(a.rows, key)
		delete(a.known, key)
		return nil
	}
	value, err := strconv.Atoi(cmp.Or(row.Data.Value.String(), "0"))
	if err != nil {
		return fmt.Errorf("the value of %s: %w", key, err)
	}
	a.rows[key] = value
	return nil
}

// obey applies accepted requests as an endpoint does that drops a request if it has seen its
// Webhook-Id.
func (a *audience) obey(requests []receiver.Request) error {
	for i := range requests {
		q := &requests[i]
		if q.Status < 200 || q.Status > 299 || q.Duplicate || q.Problem != "" {
			continue
		}
		for place, row := range q.EnvelopeRows() {
			refused := func(r receiver.Rejection) bool { return r.Index == place }
			if slices.ContainsFunc(q.Rejected, refused) {
				continue
			}
			one := told{Operation: row.Operation, Key: row.PrimaryKey}
			if err := json.Unmarshal(row.Data, &one.Data); err != nil {
				return err
			}
			if err := a.apply(one); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare looks for rows that the endpoint lacks and, if only is set, for those that it has too
// many: the sync is the only one of its generation, and what any sync of a generation has seen has
// not left.
func (a *audience) compare(r read, only bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, value := range r.rows {
		got, there := a.rows[key]
		changes := a.mode == "mirror" || a.mode == "upsert" // are sent
		if value != bad && (!there || changes && got != value) {
			return fmt.Errorf("%s is %d (%v) at the endpoint and %d at the source", key, got, there, value)
		}
	}
	for key := range a.rows {
		if _, known := r.rows[key]; !known && only && !a.bad[key] && a.removes(key) {
			return fmt.Errorf("%s has left the source and is still at the endpoint", key)
		}
	}
	for key := range r.rows {
		a.known[key] = true
	}
	return nil
}

// removes reports whether a key that left is removed. In mode remove nobody knows that one has left
// which no sync that ended well has read.
func (a *audience) removes(key string) bool {
	return a.mode == "mirror" || a.mode == "remove" && a.known[key]
}

// read notes what the source is about to send. In mode remove somebody else brings the rows to the
// endpoint.
func (a *audience) read(r read) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, value := range r.rows {
		a.bad[key] = a.bad[key] || value == bad
		if _, there := a.rows[key]; !there && a.mode == "remove" {
			a.rows[key] = value
		}
	}
}
