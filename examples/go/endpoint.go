package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	maxBody = 4 << 20       // above the destination's batching.max_bytes
	memory  = 6 * time.Hour // longer than a sync with all its attempts; no other sync repeats an id
)

type row struct {
	Data       json.RawMessage `json:"data"`
	Operation  string          `json:"operation"`
	PrimaryKey json.RawMessage `json:"primary_key"`
}

type rejection struct {
	Index  int    `json:"index"`
	Reason string `json:"reason"`
}

// endpoint takes the place of a database: what apply does is one transaction there.
type endpoint struct {
	webhook verifier
	mu      sync.Mutex
	seen    map[string]time.Time                  // by Webhook-Id
	tables  map[string]map[string]json.RawMessage // by stream and key
}

func (e *endpoint) receive(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Encoding") != "" { // the signature is over the plain bytes
		http.Error(w, "the body is compressed", http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var envelope struct{ Rows []row }
	switch {
	case err != nil:
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge) // the sender cuts the batch in two
	case e.webhook.Verify(body, r.Header) != nil:
		http.Error(w, "the signature is not right", http.StatusUnauthorized)
	case json.Unmarshal(body, &envelope) != nil:
		http.Error(w, "the body is no envelope", http.StatusBadRequest)
	default:
		stream, _ := url.PathUnescape(r.Header.Get("Airbyte-Stream"))
		rejected := e.apply(r.Header.Get("Webhook-Id"), stream, envelope.Rows)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"rejected": rejected})
	}
}

// apply writes the rows and returns those it cannot take. A batch may come twice, after an answer
// that got lost: a row with a key is then written again, which changes nothing, and a row without
// one is left out.
func (e *endpoint) apply(id, stream string, rows []row) []rejection {
	if len(rows) == 0 {
		return []rejection{} // the connection check
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.DeleteFunc(e.seen, func(_ string, at time.Time) bool { return time.Since(at) > memory })
	_, again := e.seen[id]
	e.seen[id] = time.Now()
	if e.tables[stream] == nil {
		e.tables[stream] = map[string]json.RawMessage{}
	}
	table, rejected := e.tables[stream], []rejection{}
	for i, row := range rows {
		switch {
		case row.Operation == "removed":
			delete(table, string(row.PrimaryKey))
		case !acceptable(row.Data):
			rejected = append(rejected, rejection{i, "email is not an address"})
		case row.PrimaryKey != nil: // added, changed, or not known which
			table[string(row.PrimaryKey)] = row.Data
		case !again:
			table[fmt.Sprint("#", len(table))] = row.Data
		}
	}
	return rejected
}

// acceptable has your own rules.
func acceptable(data json.RawMessage) bool {
	var user struct{ Email *string }
	return json.Unmarshal(data, &user) == nil && (user.Email == nil || strings.Contains(*user.Email, "@"))
}
