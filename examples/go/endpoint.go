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

// endpoint takes the place of a database: what apply and commit do is one transaction there.
type endpoint struct {
	webhook   verifier
	mu        sync.Mutex
	seen      map[string]time.Time                  // by Webhook-Id
	tables    map[string]map[string]json.RawMessage // by stream and key
	stages    map[string]*stage                     // by stream
	committed map[string]string                     // the last run, by stream
}

func newEndpoint(webhook verifier) *endpoint {
	return &endpoint{
		webhook: webhook, seen: map[string]time.Time{}, tables: map[string]map[string]json.RawMessage{},
		stages: map[string]*stage{}, committed: map[string]string{},
	}
}

func (e *endpoint) receive(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Encoding") != "" { // the signature is over the plain bytes
		http.Error(w, "the body is compressed", http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var envelope struct {
		Rows []row
		manifest
	}
	stream, _ := url.PathUnescape(r.Header.Get("Airbyte-Stream"))
	switch {
	case err != nil:
		// The sender cuts the batch in two.
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
	case e.webhook.Verify(body, r.Header) != nil:
		http.Error(w, "the signature is not right", http.StatusUnauthorized)
	case json.Unmarshal(body, &envelope) != nil:
		http.Error(w, "the body is no envelope", http.StatusBadRequest)
	case envelope.Type == "manifest":
		e.commit(w, stream, r.Header.Get("Airbyte-Generation"), &envelope.manifest)
	default:
		rejected := e.apply(r.Header, stream, envelope.Rows)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"rejected": rejected})
	}
}

// apply writes the rows and returns those it cannot take. A batch may come twice, after an answer
// that got lost: a row with a key is then written again, which changes nothing, and a row without
// one is left out. If a manifest will end the sync, the rows wait for it.
func (e *endpoint) apply(header http.Header, stream string, rows []row) []rejection {
	if len(rows) == 0 {
		return []rejection{} // the connection check
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	accepted, rejected := judge(rows)
	id := header.Get("Webhook-Id")
	if run := header.Get("Airbyte-Run"); run != "" {
		e.stageOf(stream, header.Get("Airbyte-Generation")).add(run, id, accepted)
		return rejected
	}
	maps.DeleteFunc(e.seen, func(_ string, at time.Time) bool { return time.Since(at) > memory })
	_, again := e.seen[id]
	e.seen[id] = time.Now()
	if e.tables[stream] == nil {
		e.tables[stream] = map[string]json.RawMessage{}
	}
	for _, row := range accepted {
		if row.PrimaryKey != nil || !again {
			put(e.tables[stream], row)
		}
	}
	return rejected
}

// judge tells the rows that can be taken from those that cannot.
func judge(rows []row) (accepted []row, rejected []rejection) {
	rejected = []rejection{}
	for i, row := range rows {
		if row.Operation != "removed" && !acceptable(row.Data) {
			rejected = append(rejected, rejection{i, "email is not an address"})
			continue
		}
		accepted = append(accepted, row)
	}
	return accepted, rejected
}

// put writes a row to a table.
func put(table map[string]json.RawMessage, row row) {
	switch {
	case row.Operation == "removed":
		delete(table, string(row.PrimaryKey))
	case row.PrimaryKey != nil: // added, changed, or not known which
		table[string(row.PrimaryKey)] = row.Data
	default:
		table[fmt.Sprint("#", len(table))] = row.Data
	}
}

// acceptable has your own rules.
func acceptable(data json.RawMessage) bool {
	var user struct{ Email *string }
	return json.Unmarshal(data, &user) == nil && (user.Email == nil || strings.Contains(*user.Email, "@"))
}
