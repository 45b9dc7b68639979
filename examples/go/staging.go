package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
)

// stage has the rows of a stream that wait for a manifest. With a database it is a table.
type stage struct {
	generation string
	rows       []row                      // in the order of their batches
	taken      map[string]bool            // Webhook-Ids whose rows are here
	runs       map[string]map[string]bool // Webhook-Ids by run
}

// manifest says what the endpoint must have of a run.
type manifest struct {
	Type       string   `json:"type"`
	Run        string   `json:"run"`
	SyncMode   string   `json:"sync_mode"`
	Generation int64    `json:"generation_id"`
	Minimum    int64    `json:"minimum_generation_id"`
	Batches    int      `json:"batches"`
	Digest     string   `json:"digest"`
	Superseded []string `json:"superseded"`
}

// stageOf returns the stage of a stream. The rows of an earlier generation are dropped: its sync
// has failed, and the source is read from the start.
func (e *endpoint) stageOf(stream, generation string) *stage {
	s := e.stages[stream]
	if s == nil || s.generation != generation {
		s = &stage{generation: generation, taken: map[string]bool{}, runs: map[string]map[string]bool{}}
		e.stages[stream] = s
	}
	return s
}

// add keeps the accepted rows of a batch, once, and notes that its run has it.
func (s *stage) add(run, id string, rows []row) {
	if s.runs[run] == nil {
		s.runs[run] = map[string]bool{}
	}
	s.runs[run][id] = true
	if !s.taken[id] {
		s.taken[id] = true
		s.rows = append(s.rows, rows...)
	}
}

// commit puts the rows that wait into the table of a stream, all at once, and answers 409 if some
// are missing.
func (e *endpoint) commit(w http.ResponseWriter, stream, generation string, m *manifest) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.committed[stream] == m.Run {
		return // the answer got lost
	}
	s := e.stageOf(stream, generation)
	ids := maps.Clone(s.runs[m.Run])
	for _, id := range m.Superseded {
		delete(ids, id)
	}
	if len(ids) != m.Batches || digest(ids) != m.Digest {
		http.Error(w, fmt.Sprintf("%d of %d batches are here", len(ids), m.Batches), http.StatusConflict)
		return
	}
	table := map[string]json.RawMessage{}
	if replaced := m.SyncMode == "insert" && m.Generation > 0 && m.Generation == m.Minimum; !replaced {
		maps.Copy(table, e.tables[stream])
	}
	for _, row := range s.rows {
		put(table, row)
	}
	e.tables[stream], e.committed[stream] = table, m.Run
	delete(e.stages, stream)
}

// digest is the sum of the ids' digests, modulo 2^256.
func digest(ids map[string]bool) string {
	sum := new(big.Int)
	for id := range ids {
		d := sha256.Sum256([]byte(id))
		sum.Add(sum, new(big.Int).SetBytes(d[:]))
	}
	return fmt.Sprintf("%064x", sum.Mod(sum, new(big.Int).Lsh(big.NewInt(1), 256)))
}
