package destination

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/replay"
)

// oncePerID is an endpoint that follows rule 3: to an id that it has seen it gives the answer that
// it gave first. A request that it refuses with a status leaves no trace.
type oncePerID struct {
	refuse func(n int) (status int, verdict string) // the request n, from 1

	mu       sync.Mutex
	ids      []string
	requests int
	answers  map[string]string
	taken    int
}

func (o *oncePerID) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := r.Header.Get("Webhook-Id")
	o.ids = append(o.ids, id)
	verdict, seen := o.answers[id]
	if !seen {
		var status int
		o.requests++
		if status, verdict = o.refuse(o.requests); status != 0 {
			w.WriteHeader(status)
			return
		}
		if verdict == "" {
			o.taken++
		}
		o.answers[id] = verdict
	}
	_, _ = w.Write([]byte(verdict))
}

// A row that is sent again from its dead letter is another event than its first sending, and than
// an equal row of the same sync: an endpoint that follows rule 3 takes it.
func TestSentAgainUnderAnotherID(t *testing.T) {
	const (
		insert = `{"streams":[{"sync_id":7,"stream":{"name":"users"},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`
		upsert = `{"streams":[{"sync_id":7,"stream":{"name":"users"},"sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":[["a"]]}]}`
	)
	second := func(n int) (int, string) {
		if n == 2 {
			return http.StatusUnprocessableEntity, ""
		}
		return 0, ""
	}
	verdict := func(n int) (int, string) {
		if n == 2 {
			return 0, `{"rejected":[{"index":0}]}`
		}
		return 0, ""
	}
	for name, test := range map[string]struct {
		catalog string
		refuse  func(n int) (int, string)
		again   func(t *testing.T, p *Program, dir string) error
		foreign bool // the letter has lost its rejection
	}{
		"replayed":                       {insert, second, replayed, false},
		"replayed after a verdict":       {insert, verdict, replayed, false},
		"replayed by its key":            {upsert, verdict, replayed, false},
		"replayed without its rejection": {insert, second, replayed, true},
		"piped":                          {insert, second, piped, false},
		"piped after a verdict":          {upsert, verdict, piped, false},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := &oncePerID{refuse: test.refuse, answers: map[string]string{}}
			server := httptest.NewServer(endpoint)
			defer server.Close()
			dir := t.TempDir()
			config := `{"url":"` + server.URL + `","batching":{"max_rows":1},"delivery":{"max_concurrent_requests":1},"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":"` + dir + `/letters"}}`
			write(t, dir, map[string]string{"config.json": config, "catalog.json": test.catalog})
			record := `{"type":"RECORD","record":{"stream":"users","data":{"a":1},"emitted_at":1}}` + "\n"
			p := &Program{Spec: configtest.Spec(t), Version: "test", Stdin: strings.NewReader(record + record), Stdout: &bytes.Buffer{}, Getenv: func(string) string { return "" }}
			if err := p.Write(t.Context(), filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json")); err != nil {
				t.Fatal(err)
			}
			if test.foreign {
				forget(t, dir)
			}
			if err := test.again(t, p, dir); err != nil || endpoint.taken != 2 {
				t.Errorf("error %v; the endpoint took %d of 2 rows\n%s\n%s", err, endpoint.taken, strings.Join(endpoint.ids, "\n"), p.Stdout)
			}
		})
	}
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func replayed(t *testing.T, p *Program, dir string) error {
	t.Helper()
	return p.ReplayDeadLetters(t.Context(), filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json"), replay.Filter{}, false)
}

func piped(t *testing.T, p *Program, dir string) error {
	t.Helper()
	_, text := onlyLetters(t, dir)
	p.Stdin = bytes.NewReader(text)
	return p.Write(t.Context(), filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json"))
}

// onlyLetters returns the only file of dead letters.
func onlyLetters(t *testing.T, dir string) (name string, text []byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "letters", "*.jsonl"))
	if err != nil || len(names) != 1 {
		t.Fatalf("error %v, files %v, want one", err, names)
	}
	if text, err = os.ReadFile(names[0]); err != nil {
		t.Fatal(err)
	}
	return names[0], text
}

// forget leaves a plain record of the dead letter, as another program would write it.
func forget(t *testing.T, dir string) {
	t.Helper()
	name, text := onlyLetters(t, dir)
	before, _, found := bytes.Cut(text, []byte(`,"meta":`))
	if !found {
		t.Fatalf("no rejection in %s", text)
	}
	if err := os.WriteFile(name, append(before, "}}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A replay that died repeats its ids: what the endpoint took before is not taken twice.
func TestRepeatedReplayRepeatsItsIDs(t *testing.T) {
	died := false
	endpoint := &oncePerID{answers: map[string]string{}}
	endpoint.refuse = func(n int) (int, string) {
		switch {
		case n <= 2:
			return http.StatusUnprocessableEntity, ""
		case n == 4 && !died:
			died = true
			return http.StatusUnauthorized, ""
		}
		return 0, ""
	}
	server := httptest.NewServer(endpoint)
	defer server.Close()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"config.json":  `{"url":"` + server.URL + `","batching":{"max_rows":1},"delivery":{"max_concurrent_requests":1},"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":"` + dir + `/letters"}}`,
		"catalog.json": `{"streams":[{"stream":{"name":"users"},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`,
	})
	record := `{"type":"RECORD","record":{"stream":"users","data":{"a":1},"emitted_at":1}}` + "\n"
	p := &Program{Spec: configtest.Spec(t), Version: "test", Stdin: strings.NewReader(record + record), Stdout: &bytes.Buffer{}, Getenv: func(string) string { return "" }}
	if err := p.Write(t.Context(), filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json")); err != nil {
		t.Fatal(err)
	}
	if err := replayed(t, p, dir); err == nil {
		t.Fatal("the replay did not fail")
	}
	if err := replayed(t, p, dir); err != nil || endpoint.taken != 2 {
		t.Errorf("error %v; the endpoint took %d rows, want 2\n%s", err, endpoint.taken, strings.Join(endpoint.ids, "\n"))
	}
}
