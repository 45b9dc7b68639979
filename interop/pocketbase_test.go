package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/loopbacktest"
)

// pocketBase is a server with one collection, rows, whose records have an id, a name that is
// required and a score from 0.
type pocketBase struct {
	t          *testing.T
	url, token string
}

const (
	pocketBaseUser     = "owner@example.com"
	pocketBasePassword = "correct-horse-battery"
)

// startPocketBase starts a server with an empty collection.
func startPocketBase(t *testing.T) *pocketBase {
	t.Helper()
	binary := installed(t, ".bin", "base")
	data := filepath.Join(t.TempDir(), "data")
	if out, err := exec.CommandContext(t.Context(), binary, "--dir", data, "superuser", "upsert", pocketBaseUser, pocketBasePassword).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	address := loopbacktest.FreeAddress(t).String()
	startServer(t, exec.CommandContext(t.Context(), binary, "--dir", data, "serve", "--http", address), "Server started")
	p := &pocketBase{t: t, url: "http://" + address}
	var signedIn struct{ Token string }
	p.do("POST", "/api/collections/_superusers/auth-with-password", map[string]any{"identity": pocketBaseUser, "password": pocketBasePassword}, &signedIn)
	p.token = signedIn.Token
	p.do("POST", "/api/collections", map[string]any{"name": "rows", "type": "base", "fields": []any{
		map[string]any{"name": "id", "type": "text", "primaryKey": true, "required": true, "system": true, "min": 1, "max": 15, "pattern": "^[a-z0-9]+$"},
		map[string]any{"name": "name", "type": "text", "required": true},
		map[string]any{"name": "score", "type": "number", "min": 0},
	}}, &struct{}{})
	return p
}

// do makes a request of the tests' own.
func (p *pocketBase) do(method, path string, body, answer any) {
	p.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, bytes.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", p.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 || json.Unmarshal(content, answer) != nil {
		p.t.Fatalf("%s %s: %d, %v, %s", method, path, response.StatusCode, err, content)
	}
}

// pocketRecord is a row, at the source and in the collection.
type pocketRecord struct {
	ID    string  `json:"id"`
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

// records returns the collection.
func (p *pocketBase) records() map[string]pocketRecord {
	p.t.Helper()
	all := make(map[string]pocketRecord)
	for page := 1; ; page++ {
		var answer struct{ Items []pocketRecord }
		p.do("GET", fmt.Sprintf("/api/collections/rows/records?perPage=500&sort=id&skipTotal=1&page=%d", page), nil, &answer)
		for _, r := range answer.Items {
			all[r.ID] = r
		}
		if len(answer.Items) < 500 {
			return all
		}
	}
}

// TestPocketBaseMirrorsATable brings a table to an API that was not written for this program, by
// POST, PATCH and DELETE of single records, over three generations. After each the collection is
// equal to the table, but for one row that the collection's schema refuses, which becomes a dead
// letter and holds up nothing.
func TestPocketBaseMirrorsATable(t *testing.T) {
	p := startPocketBase(t)
	folder := t.TempDir()
	place := func(name string) string { return filepath.Join(folder, name) }
	records := p.url + "/api/collections/rows/records"
	write(t, folder, "config.json", encoded(t, map[string]any{
		"url": records, "authorization_header": p.token, "connection_check": "connect",
		"payload": map[string]any{"format": "single"},
		"operations": map[string]any{
			"changed": map[string]any{"method": "PATCH", "url": records + "/{primary_key}"},
			"removed": map[string]any{"method": "DELETE", "url": records + "/{primary_key}"},
		},
		"snapshot":           map[string]any{"type": "local", "path": place("snapshot")},
		"allow_mass_removal": true,
		"on_rejected_rows":   "dead_letter", "dead_letter": map[string]any{"type": "local", "path": place("letters")},
	}))
	table := make(map[string]pocketRecord)
	put := func(i int, score float64) {
		id := fmt.Sprintf("row%d", i)
		table[id] = pocketRecord{id, fmt.Sprintf("name of %d", i), score}
	}
	for i := range 2000 {
		put(i, float64(i))
	}
	p.sync(folder, table, 1)
	compareRecords(t, table, p.records())

	for i := range 200 {
		put(5*i, 7.5)
		delete(table, fmt.Sprintf("row%d", 5*i+1))
		put(2000+i, 1)
	}
	put(3000, -1) // the schema wants 0 or more
	p.sync(folder, table, 2)
	want := maps.Clone(table)
	delete(want, "row3000")
	compareRecords(t, want, p.records())
	letters, err := filepath.Glob(filepath.Join(place("letters"), "*.jsonl"))
	if err != nil || len(letters) != 1 {
		t.Fatalf("dead letters %v, %v", letters, err)
	}
	if text, err := os.ReadFile(letters[0]); err != nil || bytes.Count(text, []byte("\n")) != 1 || !bytes.Contains(text, []byte("row3000")) || !bytes.Contains(text, []byte(`"status":400`)) {
		t.Errorf("dead letters %s, %v; want the row that the schema refuses", text, err)
	}

	put(3000, 3)
	p.do("PATCH", "/api/collections/rows/records/row7", map[string]any{"name": "changed by another"}, &pocketRecord{})
	table["row7"] = pocketRecord{"row7", "name of 7", 99}
	delete(table, "row8")
	p.sync(folder, table, 3)
	compareRecords(t, table, p.records())
}

// sync sends a table as the full refresh of a generation.
func (p *pocketBase) sync(folder string, table map[string]pocketRecord, generation int) {
	p.t.Helper()
	write(p.t, folder, "catalog.json", encoded(p.t, map[string]any{"streams": []any{map[string]any{
		"stream": map[string]any{"name": "rows", "json_schema": map[string]any{}}, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite",
		"primary_key": [][]string{{"id"}}, "generation_id": generation, "minimum_generation_id": generation, "sync_id": generation,
	}}}))
	var input strings.Builder
	for _, id := range slices.Sorted(maps.Keys(table)) {
		data, err := json.Marshal(table[id])
		if err != nil {
			p.t.Fatal(err)
		}
		fmt.Fprintf(&input, `{"type":"RECORD","record":{"stream":"rows","emitted_at":1,"data":%s}}`+"\n", data)
	}
	input.WriteString(`{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.7E12,"stream_status":{"stream_descriptor":{"name":"rows"},"status":"COMPLETE"}}}` + "\n")
	command := exec.CommandContext(p.t.Context(), program, "write", "--config", filepath.Join(folder, "config.json"), "--catalog", filepath.Join(folder, "catalog.json"))
	command.Stdin = strings.NewReader(input.String())
	if out, err := command.CombinedOutput(); err != nil {
		p.t.Fatalf("generation %d: %v\n%s", generation, err, out)
	}
}

func compareRecords(t *testing.T, want, got map[string]pocketRecord) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the collection (-source +PocketBase):\n%.2000s", diff)
	}
}
