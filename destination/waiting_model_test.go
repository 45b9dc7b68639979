package destination

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"destination-webhook/destination/report"
)

// past is a history of incremental syncs whose endpoint refuses rows, for a while, and that die. A
// row's v is its place in the source, so that of two rows of a key the greater v is the newer one.
type past struct {
	t      *rapid.T
	dir    string // of the dead letters
	url    string
	random *rand.Rand
	faults bool

	source  []string // lines
	keys    []int    // of its rows by v, from 1; 0: none
	read    int      // lines before the last state that came out
	refuses map[int]bool

	mu      sync.Mutex
	stdout  bytes.Buffer
	input   map[int]bool // rows of the current sync's input, by v
	newest  map[int]int  // v that the endpoint has, by key
	taken   map[int]int  // how often it took a row
	died    bool
	unclean bool   // a sync has died or failed
	states  string // stdout when it died
	wrong   string
}

// TestRejectedRowsComeBack: whatever the endpoint refuses and whenever syncs die, each row arrives
// in the end or is replaced by a newer one of its key; none is sent after a newer one of its key,
// unless the source itself sends both again; and without a death none arrives twice.
func TestRejectedRowsComeBack(t *testing.T) {
	histories(t, 40, func(rt *rapid.T, dir string) {
		p := &past{t: rt, dir: filepath.Join(dir, "0"), keys: []int{-1}, newest: map[int]int{}, taken: map[int]int{}}
		p.random = rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		server := httptest.NewServer(p)
		defer server.Close()
		p.url = server.URL
		mayDie := rapid.Bool().Draw(rt, "syncs may die")
		for range rapid.IntRange(1, 6).Draw(rt, "syncs") {
			p.more()
			p.faults = mayDie
			_ = p.sync(t)
		}
		p.faults, p.refuses = false, nil
		if err := p.sync(t); err != nil {
			rt.Fatal(err)
		}
		p.check(t)
	})
}

// more adds rows to the source, and chooses what the endpoint refuses.
func (p *past) more() {
	for range rapid.IntRange(0, 6).Draw(p.t, "rows") {
		v, key, stream := len(p.keys), rapid.IntRange(0, 3).Draw(p.t, "key"), "users"
		if key == 0 {
			stream = "events"
		}
		p.keys = append(p.keys, key)
		p.source = append(p.source, fmt.Sprintf(`{"type":"RECORD","record":{"stream":%q,"data":{"id":%d,"v":%d},"emitted_at":1}}`, stream, key, v))
		if rapid.Bool().Draw(p.t, "a state follows") {
			p.source = append(p.source, fmt.Sprintf(`{"type":"STATE","state":{"type":"GLOBAL","global":{"stream_states":[]},"id":%d}}`, len(p.source)+1))
		}
	}
	p.refuses = map[int]bool{}
	for v := range p.keys {
		p.refuses[v] = rapid.IntRange(0, 2).Draw(p.t, "refused") == 0
	}
}

func (p *past) sync(t *testing.T) error {
	p.stdout.Reset()
	p.died, p.input = false, map[int]bool{}
	lines := p.source[p.read:]
	for _, line := range lines {
		var m struct {
			Record struct{ Data struct{ V int } }
		}
		if err := json.Unmarshal([]byte(line), &m); err == nil && strings.Contains(line, "RECORD") {
			p.input[m.Record.Data.V] = true
		}
	}
	lines = append(append([]string{}, lines...), fmt.Sprintf(`{"type":"STATE","state":{"type":"GLOBAL","global":{"stream_states":[]},"id":%d}}`, len(p.source)))
	program := programOf(t, map[string]string{
		"config": fmt.Sprintf(`{"url":%q,"batching":{"max_rows":%d,"max_age_seconds":600},"delivery":{"retry":{"max_attempts":1},"max_concurrent_requests":1},
			"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q},"rejected_rows":{"retry_next_sync":true,"max_syncs":1000}}`,
			p.url, rapid.IntRange(1, 3).Draw(p.t, "max_rows"), p.dir),
		"catalog": `{"streams":[{"stream":{"name":"users","json_schema":{}},"sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":[["id"]]},
			{"stream":{"name":"events","json_schema":{}},"sync_mode":"incremental","destination_sync_mode":"append"}]}`,
	}, lines, nil)
	program.Stdout, program.Report = p, filepath.Join(t.TempDir(), "report.json")
	err := program.Write(t.Context(), "config", "catalog")
	text := p.stdout.String()
	if p.died {
		text, p.dir = p.states, p.dir+"0"
	}
	p.unclean = p.unclean || err != nil || p.died
	p.read = max(p.read, lastState(text))
	if err == nil && !p.died {
		p.reported(program.Report)
	}
	if p.wrong != "" {
		p.t.Fatal(p.wrong)
	}
	return err
}

// lastState returns the id of the last state that came out.
func lastState(text string) (id int) {
	for line := range strings.Lines(text) {
		var m struct{ State *struct{ ID int } }
		if json.Unmarshal([]byte(line), &m) == nil && m.State != nil {
			id = m.State.ID
		}
	}
	return id
}

// reported holds the number of rows that wait against what was refused.
func (p *past) reported(path string) {
	text, err := os.ReadFile(path) //nolint:gosec // the test's own
	var r report.File
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	waiting := 0
	newest := map[int]int{}
	for v, key := range p.keys {
		if key == 0 && p.taken[v] == 0 {
			waiting++
		}
		newest[key] = v
	}
	for key, v := range newest {
		if key > 0 && p.newest[key] != v {
			waiting++
		}
	}
	if r.Retried.Waiting != waiting && !p.unclean {
		p.t.Fatalf("%d rows wait by the report, and %d in truth: %+v", r.Retried.Waiting, waiting, r.Retried)
	}
}

// Write is stdout, on which the process may die before the line is read.
func (p *past) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mayDie(20)
	return p.stdout.Write(text)
}

func (p *past) mayDie(times int) {
	if !p.died && p.faults && p.random.IntN(times) == 0 {
		p.died, p.states = true, p.stdout.String()
		if err := os.CopyFS(p.dir+"0", os.DirFS(p.dir)); err != nil {
			p.wrong = err.Error()
		}
	}
}

// ServeHTTP takes rows. After the death nothing happens.
func (p *past) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mayDie(12)
	if p.died {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var batch struct {
		Rows []struct{ Data struct{ ID, V int } }
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		p.wrong = err.Error()
	}
	for _, row := range batch.Rows {
		if p.refuses[row.Data.V] {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	for _, row := range batch.Rows {
		key, v := row.Data.ID, row.Data.V
		if p.taken[v]++; key == 0 {
			continue
		}
		if v < p.newest[key] && !p.input[v] {
			p.wrong = fmt.Sprintf("row %d of key %d came after row %d", v, key, p.newest[key])
		}
		p.newest[key] = v
	}
	p.mayDie(12)
}

func (p *past) check(t *testing.T) {
	t.Helper()
	newest := map[int]int{}
	for v, key := range p.keys {
		newest[key] = v
		if key == 0 && p.taken[v] == 0 {
			p.t.Errorf("row %d is lost", v)
		}
		if p.taken[v] > 1 && !p.unclean {
			p.t.Errorf("row %d came %d times", v, p.taken[v])
		}
	}
	for key, v := range newest {
		if key > 0 && p.newest[key] != v {
			p.t.Errorf("the endpoint has row %d of key %d, want %d", p.newest[key], key, v)
		}
	}
	text, err := filepath.Glob(filepath.Join(p.dir, "dead-letters-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range text {
		if letters, err := os.ReadFile(name); err != nil || bytes.Contains(letters, []byte(`"retry":`)) { //nolint:gosec // the test's own
			p.t.Errorf("still there (%v): %s", err, letters)
		}
	}
}
