package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"destination-webhook/acceptance_tests/connector"
)

// rejecting is an endpoint that refuses rows for a while, and kills the process at one of its
// requests, before it takes the rows or after it.
type rejecting struct {
	mu       sync.Mutex // held by a request, and by the test while it reads or writes the rest
	process  *exec.Cmd
	requests int // of the process
	killAt   int // that one; 0: none
	after    bool
	killed   bool

	refuses []int
	input   []int // rows that the source sends in this sync, by v
	taken   map[int]int
	newest  map[int]int // v by key
	wrong   []string
}

func (e *rejecting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.requests++
	if e.dies(false) {
		return
	}
	var batch struct {
		Rows []struct{ Data struct{ ID, V int } }
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		e.wrong = append(e.wrong, err.Error())
	}
	for _, row := range batch.Rows {
		if slices.Contains(e.refuses, row.Data.V) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
	}
	for _, row := range batch.Rows {
		key, v := row.Data.ID, row.Data.V
		e.taken[v]++
		if key > 0 && v < e.newest[key] && !slices.Contains(e.input, v) {
			e.wrong = append(e.wrong, fmt.Sprintf("row %d of key %d came after row %d", v, key, e.newest[key]))
		}
		e.newest[key] = v
	}
	e.dies(true)
}

// refuse has the endpoint refuse these rows, by v, from now on.
func (e *rejecting) refuse(rows []int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.refuses = rows
}

// dies kills the process if this is the request, and reports whether it is dead.
func (e *rejecting) dies(after bool) bool {
	if e.requests == e.killAt && e.after == after {
		e.killed = e.process.Process.Kill() == nil
	}
	return e.killed
}

// turn is a sync: what the source sends, and what the endpoint refuses.
type turn struct {
	input   string // lines of "key:v", and "state"
	refuses []int
}

// Row 1 waits until row 5 replaces it, the keyless row 3 until the third sync, row 4 until the
// last.
var turns = []turn{
	{"1:1 state 2:2 0:3 state", []int{1, 3}},
	{"2:4 state", []int{1, 3, 4}},
	{"1:5 state", []int{1, 4}},
	{"state", nil},
	{"state", nil},
}

// TestRejectedRowsComeBackAfterAKill kills the program at each request of each of several syncs: no
// rejected row is lost, and none comes after a newer one of its key.
func TestRejectedRowsComeBackAfterAKill(t *testing.T) {
	binary, err := connector.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	deaths := 0
	for dying := range turns[:4] {
		for _, after := range []bool{false, true} {
			for at := 1; ; at++ {
				killed := comeBack(t, binary, dying, at, after)
				if !killed {
					break
				}
				deaths++
			}
		}
	}
	if deaths < 12 {
		t.Errorf("only %d deaths", deaths)
	}
}

// comeBack runs all syncs, of which one is killed at a request and then repeated. It reports
// whether there was such a request.
func comeBack(t *testing.T, binary string, dying, at int, after bool) (killed bool) {
	t.Helper()
	h := host{binary: binary, folder: t.TempDir()}
	e := &rejecting{taken: map[int]int{}, newest: map[int]int{}, after: after}
	server := httptest.NewServer(e)
	defer server.Close()
	stream := func(name, mode, key string) any {
		return map[string]any{"stream": map[string]any{"name": name, "json_schema": map[string]any{}}, "sync_mode": "incremental",
			"destination_sync_mode": mode, "primary_key": json.RawMessage(key)}
	}
	if err := h.write("catalog.json", map[string]any{"streams": []any{stream("users", "append_dedup", `[["id"]]`), stream("events", "append", `[]`)}}); err != nil {
		t.Fatal(err)
	}
	if err := h.write("config.json", map[string]any{
		"url": server.URL, "batching": map[string]any{"max_rows": 2}, "delivery": map[string]any{"max_concurrent_requests": 1},
		"on_rejected_rows": "dead_letter", "dead_letter": map[string]any{"type": "local", "path": filepath.Join(h.folder, "letters")},
		"rejected_rows": map[string]any{"retry_next_sync": true},
	}); err != nil {
		t.Fatal(err)
	}
	said := ""
	for i, turn := range turns {
		words := strings.Fields(turn.input)
		e.refuse(turn.refuses)
		if i == dying {
			var out string
			out, killed = e.run(t, h, words, at)
			words = words[afterStates(words, strings.Count(out, `"type":"STATE"`)):]
			if !killed {
				return false
			}
		}
		said, _ = e.run(t, h, words, 0)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	where := fmt.Sprintf("killed at request %d of sync %d (after it: %v)", at, dying+1, after)
	for v := 1; v <= 5; v++ {
		if e.taken[v] == 0 && v != 1 {
			t.Errorf("%s: row %d is lost", where, v)
		}
	}
	if e.newest[1] != 5 || e.newest[2] != 4 || len(e.wrong) > 0 {
		t.Errorf("%s: the endpoint has %v; %q", where, e.newest, e.wrong)
	}
	if !strings.Contains(said, "; 0 rows wait for the next sync") {
		t.Errorf("%s: at the end it says\n%s", where, said)
	}
	return killed
}

// afterStates returns where the source goes on after this many states.
func afterStates(words []string, states int) (at int) {
	for i, word := range words {
		if word == "state" && states > 0 {
			at, states = i+1, states-1
		}
	}
	return at
}

// run runs the program to its end. It returns what it prints, and whether it was killed at that
// request; with 0 nothing kills it.
func (e *rejecting) run(t *testing.T, h host, words []string, killAt int) (out string, killed bool) {
	t.Helper()
	lines, values := inputOf(t, words)
	var printed bytes.Buffer
	cmd := exec.CommandContext(t.Context(), h.binary, "write", "--config", "config.json", "--catalog", "catalog.json")
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = h.folder, lines, &printed, &printed
	e.mu.Lock()
	e.process, e.requests, e.killAt, e.killed, e.input = cmd, 0, killAt, false, values
	err := cmd.Start()
	e.mu.Unlock()
	if err == nil {
		err = cmd.Wait()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil && !e.killed {
		t.Fatalf("%v\n%s", err, printed.String())
	}
	return printed.String(), e.killed
}

// inputOf returns the lines of a sync, and the rows' v in their order.
func inputOf(t *testing.T, words []string) (lines *bytes.Buffer, values []int) {
	t.Helper()
	lines = new(bytes.Buffer)
	for _, word := range words {
		if word == "state" {
			lines.WriteString(`{"type":"STATE","state":{"type":"GLOBAL","global":{"stream_states":[]}}}` + "\n")
			continue
		}
		var key, v int
		if _, err := fmt.Sscanf(word, "%d:%d", &key, &v); err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
		name := map[bool]string{true: "events", false: "users"}[key == 0]
		fmt.Fprintf(lines, `{"type":"RECORD","record":{"stream":%q,"data":{"id":%d,"v":%d},"emitted_at":1}}`+"\n", name, key, v)
	}
	return lines, values
}
