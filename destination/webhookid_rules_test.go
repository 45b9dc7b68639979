package destination

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"destination-webhook/destination/config/configtest"
)

// obedient is an endpoint that follows docs/payload.md to the letter. With strict it does more than
// it has to: it drops every request whose Webhook-Id it has seen, also rows with a key.
type obedient struct {
	strict   bool
	byNumber bool          // keys are numbers
	fault    func() string // of a request
	died     func()        // the sender is killed
	removed  func(key string)

	mu   sync.Mutex
	seen map[string]bool
	rows []string          // without a key
	keys map[string]string // data by key
}

func (o *obedient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var envelope struct {
		Rows []struct {
			Data       json.RawMessage
			Operation  string
			PrimaryKey *string `json:"primary_key"`
		}
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	fault := o.fault()
	if fault == "dies before" {
		o.died()
	}
	if fault == "not taken" || fault == "dies before" {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	id := r.Header.Get("Webhook-Id")
	again := o.seen[id]
	o.seen[id] = true
	for _, row := range envelope.Rows {
		switch {
		case row.PrimaryKey == nil && again, again && o.strict:
		case row.PrimaryKey == nil:
			o.rows = append(o.rows, string(row.Data))
		case row.Operation == "removed":
			delete(o.keys, o.key(*row.PrimaryKey))
			if o.removed != nil {
				o.removed(o.key(*row.PrimaryKey))
			}
		default:
			o.keys[o.key(*row.PrimaryKey)] = string(row.Data)
		}
	}
	if fault == "dies after" {
		o.died()
	}
	if fault == "answer lost" || fault == "dies after" {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// key is what the endpoint knows a row by.
func (o *obedient) key(sent string) string {
	if n, err := strconv.ParseFloat(sent, 64); o.byNumber && err == nil {
		return fmt.Sprint(n)
	}
	return sent
}

// history is a source whose table changes between syncs, of which some fail.
type history struct {
	t        *rapid.T
	endpoint *obedient
	dir, url string
	mode     string
	snapshot bool
	job      int
}

// TestWebhookIDIsSafeToObey runs random histories with few rows and values, so that equal content
// comes again and again, against an endpoint that follows the rules. Its table must be the
// source's.
func TestWebhookIDIsSafeToObey(t *testing.T) {
	for name, mode := range map[string]history{
		"mirror":                    {mode: "mirror", snapshot: true},
		"upsert with a snapshot":    {mode: "upsert", snapshot: true},
		"upsert without a snapshot": {mode: "upsert"},
		"insert without a key":      {mode: "insert"},
	} {
		t.Run(name, func(t *testing.T) {
			histories(t, 12, func(rt *rapid.T, dir string) {
				h := mode
				h.t, h.dir = rt, dir
				h.endpoint = &obedient{strict: h.snapshot, seen: map[string]bool{}, keys: map[string]string{}}
				server := httptest.NewServer(h.endpoint)
				defer server.Close()
				h.url = server.URL
				if h.mode == "insert" {
					h.append(t)
				} else {
					h.replace(t)
				}
			})
		})
	}
}

// append adds rows in jobs, each of which is repeated until it ends well.
func (h *history) append(t *testing.T) {
	var want []string
	for range rapid.IntRange(1, 4).Draw(h.t, "jobs") {
		h.job++
		var rows []string
		for range rapid.IntRange(0, 8).Draw(h.t, "rows") {
			rows = append(rows, fmt.Sprintf(`{"v":%d}`, rapid.IntRange(0, 1).Draw(h.t, "value")))
		}
		maxRows := rapid.IntRange(1, 3).Draw(h.t, "max_rows")
		for h.sync(t, true, maxRows, rows) != nil {
		}
		want = append(want, rows...)
	}
	slices.Sort(want)
	slices.Sort(h.endpoint.rows)
	if diff := cmp.Diff(want, h.endpoint.rows); diff != "" {
		h.t.Fatalf("the endpoint (-rows +endpoint):\n%s", diff)
	}
}

// replace reads a table that changes between the attempts, whether they end well or not.
func (h *history) replace(t *testing.T) {
	source := map[string]string{}
	attempt := func(faults bool) error {
		h.job++
		for range rapid.IntRange(0, 3).Draw(h.t, "edits") {
			key := rapid.SampledFrom([]string{"a", "b"}).Draw(h.t, "key")
			if h.snapshot && h.mode == "mirror" && rapid.IntRange(0, 2).Draw(h.t, "edit") == 0 {
				delete(source, key)
			} else {
				source[key] = fmt.Sprintf(`{"id":%q,"v":%d}`, key, rapid.IntRange(0, 1).Draw(h.t, "value"))
			}
		}
		var rows []string
		for key, data := range source {
			if rapid.IntRange(0, 3).Draw(h.t, "an older version comes first") == 0 {
				rows = append(rows, fmt.Sprintf(`{"id":%q,"v":%d}`, key, rapid.IntRange(0, 1).Draw(h.t, "value")))
			}
			rows = append(rows, data)
		}
		return h.sync(t, faults, rapid.IntRange(1, 3).Draw(h.t, "max_rows"), rows)
	}
	for range rapid.IntRange(1, 5).Draw(h.t, "attempts") {
		_ = attempt(true)
	}
	if err := attempt(false); err != nil {
		h.t.Fatal(err)
	}
	if diff := cmp.Diff(source, h.endpoint.keys); diff != "" {
		h.t.Fatalf("the endpoint (-table +endpoint):\n%s", diff)
	}
}

func (h *history) sync(t *testing.T, faults bool, maxRows int, rows []string) error {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(h.t, "faults"), 0))
	h.endpoint.fault = func() string {
		if !faults {
			return ""
		}
		return []string{"", "", "", "not taken", "answer lost"}[random.IntN(5)]
	}
	snapshot, key := "", ""
	if h.snapshot {
		snapshot = fmt.Sprintf(`,"snapshot":{"type":"local","path":%q}`, filepath.Join(h.dir, "snapshot"))
	}
	if h.mode != "insert" {
		key = `,"primary_key":[["id"]]`
	}
	files := map[string]string{
		"config":  fmt.Sprintf(`{"url":%q,"sync_mode":%q,"allow_mass_removal":true,"batching":{"max_rows":%d},"delivery":{"retry":{"max_attempts":1},"max_concurrent_requests":1}%s}`, h.url, h.mode, maxRows, snapshot),
		"catalog": fmt.Sprintf(`{"streams":[{"stream":{"name":"users","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append","generation_id":%d,"minimum_generation_id":0,"sync_id":%d%s}]}`, h.job, 100+h.job, key),
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, user(row))
	}
	p := programOf(t, files, append(lines, completed), io.Discard)
	return p.Write(context.Background(), "config", "catalog")
}

// programOf returns a program that reads files and lines from memory.
func programOf(t *testing.T, files map[string]string, lines []string, stdout io.Writer) *Program {
	t.Helper()
	return &Program{
		Spec: configtest.Spec(t), Version: "test", Stdout: stdout, Getenv: func(string) string { return "" },
		Stdin:    strings.NewReader(strings.Join(lines, "\n") + "\n"),
		ReadFile: func(path string) ([]byte, error) { return []byte(files[path]), nil },
	}
}
