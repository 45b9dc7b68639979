package destination

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/replay"
	"destination-webhook/destination/report"
)

// auditor is an endpoint that checks manifests as docs/payload.md tells it to.
type auditor struct {
	t *testing.T
	// Answers batches; nil: all are accepted.
	answer func(w http.ResponseWriter, body string, attempt int) (took bool)
	// Status of the answer to a manifest that is right; 0: 200.
	status int

	mu        sync.Mutex
	attempts  map[string]int
	runs      map[string]map[string]bool // Webhook-Ids by run
	order     []string                   // the operations of requests, "manifest" for one
	manifests []map[string]any
	paths     []string // method and path of manifests
	ids       []string
}

func (a *auditor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Error(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	id, run := r.Header.Get("Webhook-Id"), r.Header.Get("Airbyte-Run")
	if bytes.HasPrefix(body, []byte(`{"type":"manifest"`)) {
		a.manifest(w, r, body, run)
		return
	}
	a.attempts[id]++
	took := true
	if a.answer != nil {
		took = a.answer(w, string(body), a.attempts[id])
	}
	if took {
		if a.runs[run] == nil {
			a.runs[run] = make(map[string]bool)
		}
		a.runs[run][id] = true
		a.order = append(a.order, "batch")
	}
}

func (a *auditor) manifest(w http.ResponseWriter, r *http.Request, body []byte, run string) {
	requireManifest(a.t, body)
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		a.t.Fatal(err)
	}
	if m["run"] != run || r.Header.Get("Airbyte-Generation") != fmt.Sprint(m["generation_id"]) || r.Header.Get("Webhook-Signature") == "" || r.Header.Get("X-Api-Key") != "hunter2" || r.Header.Get("Content-Type") != "application/json" {
		a.t.Errorf("run %s, header %v", run, r.Header)
	}
	ids := a.runs[run]
	for _, id := range m["superseded"].([]any) {
		delete(ids, id.(string))
	}
	sum := new(big.Int)
	for id := range ids {
		digest := sha256.Sum256([]byte(id))
		sum.Add(sum, new(big.Int).SetBytes(digest[:]))
	}
	sum.Mod(sum, new(big.Int).Lsh(big.NewInt(1), 256))
	if m["batches"] != float64(len(ids)) || m["digest"] != fmt.Sprintf("%064x", sum) {
		a.t.Errorf("the endpoint has %d batches with digest %064x, the manifest says %s", len(ids), sum, body)
	}
	a.manifests, a.order = append(a.manifests, m), append(a.order, "manifest")
	a.paths, a.ids = append(a.paths, r.Method+" "+r.URL.Path), append(a.ids, r.Header.Get("Webhook-Id"))
	if a.status != 0 {
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, "a batch is missing")
	}
}

// requireManifest holds a manifest against the published schema.
func requireManifest(t *testing.T, text []byte) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("manifest/manifest.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(document)
	}
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}

// audit is a series of syncs to an auditor.
type audit struct {
	*auditor
	url, dir, catalog, options, setting string
	out                                 *bytes.Buffer // of the last sync
	report                              report.File
}

func newAudit(t *testing.T) *audit {
	a := &auditor{t: t, attempts: make(map[string]int), runs: make(map[string]map[string]bool)}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return &audit{auditor: a, url: server.URL, dir: t.TempDir(), catalog: usersRefresh, setting: `{"type":"webhook"}`}
}

// sync runs a sync and returns the manifests that came.
func (a *audit) sync(input ...string) ([]map[string]any, error) {
	a.t.Helper()
	a.manifests, a.order = nil, nil
	path := func(name, text string) string {
		name = filepath.Join(a.dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			a.t.Fatal(err)
		}
		return name
	}
	a.out = &bytes.Buffer{}
	file := filepath.Join(a.dir, "report.json")
	p := &Program{
		Spec: configtest.Spec(a.t), Version: "test", Stdin: strings.NewReader(strings.Join(input, "\n") + "\n"), Stdout: a.out, Report: file,
		Getenv: func(string) string { return "" },
	}
	err := p.Write(a.t.Context(), path("config.json", `{"url":"`+a.url+`","api_key":"hunter2","signing":{"secret":"whsec_aHVudGVyMmh1bnRlcjJodW50ZXIy"},`+
		`"batching":{"max_rows":2},"delivery":{"retry":{"initial_interval_ms":1,"max_attempts":3}},"manifest":`+a.setting+a.options+`}`), path("catalog.json", a.catalog))
	text, failed := os.ReadFile(file)
	if failed != nil {
		a.t.Fatal(failed)
	}
	a.report = requireReport(a.t, text)
	return a.manifests, err
}

// only returns the only manifest, of a sync that went well.
func (a *audit) only(input ...string) map[string]any {
	a.t.Helper()
	manifests, err := a.sync(input...)
	if err != nil || len(manifests) != 1 {
		a.t.Fatalf("error %v, manifests %v\n%s", err, manifests, a.out)
	}
	return manifests[0]
}

func rowsOf(m map[string]any) string {
	rows := m["accepted"].(map[string]any)
	return fmt.Sprintf("%v added, %v changed, %v removed, %v upserted, %v rejected, %v skipped, removals %v",
		rows["added"], rows["changed"], rows["removed"], rows["upserted"], m["rejected"], m["skipped"], m["removals"])
}

// After the last batch of a sync, and after the rows that left, the endpoint is told what it must
// have. An attempt that was repeated counts once, and a sync without rows has a manifest too.
func TestManifest(t *testing.T) {
	a := newAudit(t)
	a.options = `,"snapshot":{"type":"local","path":"` + filepath.Join(a.dir, "snapshot") + `"}`
	a.answer = func(w http.ResponseWriter, _ string, attempt int) bool {
		if attempt == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return attempt > 1
	}
	var runs []string
	for i, step := range []struct {
		input []string
		want  string
		order []string
	}{
		{firstTable, "3 added, 0 changed, 0 removed, 0 upserted, 0 rejected, 0 skipped, removals sent", []string{"batch", "batch", "manifest"}},
		{secondTable, "1 added, 1 changed, 1 removed, 0 upserted, 0 rejected, 1 skipped, removals sent", []string{"batch", "batch", "manifest"}},
		{secondTable, "0 added, 0 changed, 0 removed, 0 upserted, 0 rejected, 3 skipped, removals sent", []string{"manifest"}},
	} {
		m := a.only(step.input...)
		if got := rowsOf(m); got != step.want || !slices.Equal(a.order, step.order) {
			t.Errorf("sync %d: %s in %q, want %s in %q", i, got, a.order, step.want, step.order)
		}
		if m["batches"] != float64(len(step.order)-1) || m["stream"] != "users" || m["sync_mode"] != "mirror" {
			t.Errorf("sync %d: %v", i, m)
		}
		want := &report.Manifest{Outcome: report.ManifestAccepted, Run: m["run"].(string), Batches: int64(len(step.order) - 1), Digest: m["digest"].(string)}
		if diff := gocmp.Diff(want, a.report.Streams[0].Manifest); diff != "" {
			t.Errorf("sync %d: report (-want +got):\n%s", i, diff)
		}
		rows := a.report.Streams[0].DeliveredBy
		if got := fmt.Sprintf("%d added, %d changed, %d removed, %d upserted", rows.Added, rows.Changed, rows.Removed, rows.Upserted); !strings.HasPrefix(step.want, got) {
			t.Errorf("sync %d: the report has %s, want %s", i, got, step.want)
		}
		runs = append(runs, want.Run)
	}
	if len(slices.Compact(runs)) != 3 || len(slices.Compact(a.ids)) != 3 {
		t.Errorf("runs %q, Webhook-Ids %q: each sync has its own", runs, a.ids)
	}
}

// Rows that are rejected, and requests that are refused, are part of no batch that counts.
func TestManifestAfterRejectedRows(t *testing.T) {
	a := newAudit(t)
	a.options = `,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":"` + a.dir + `/letters"}`
	a.answer = func(w http.ResponseWriter, body string, _ int) bool {
		switch {
		case strings.Contains(body, `"id":3`):
			w.WriteHeader(http.StatusBadRequest)
			return false
		case strings.Contains(body, `"id":1`) && strings.Contains(body, `"id":2`):
			_, _ = io.WriteString(w, `{"rejected":[{"index":1,"reason":"no"}]}`)
		}
		return true
	}
	m := a.only(table(`{"id":1}`, `{"id":2}`, `{"id":3}`, `{"id":4}`, `{"id":5}`)...)
	if got, want := rowsOf(m), "3 added, 0 changed, 0 removed, 0 upserted, 2 rejected, 0 skipped, removals not_due"; got != want || m["batches"] != 3. {
		t.Errorf("%s in %v batches, want %s in 3", got, m["batches"], want)
	}
}

// A request whose answer was lost, and that is refused then, may be known to the endpoint: the
// manifest says that its rows came again.
func TestManifestAfterALostAnswer(t *testing.T) {
	a := newAudit(t)
	a.answer = func(w http.ResponseWriter, body string, attempt int) bool {
		if !strings.Contains(body, `"id":1`) || !strings.Contains(body, `"id":2`) {
			return true
		}
		if attempt == 1 {
			w.WriteHeader(http.StatusBadGateway) // of a proxy that lost the answer
			return true
		}
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return false
	}
	m := a.only(table(`{"id":1}`, `{"id":2}`)...)
	if len(m["superseded"].([]any)) != 1 || m["batches"] != 2. {
		t.Errorf("got %v", m)
	}
}

// No manifest says that a stream is whole if that is not known.
func TestNoManifest(t *testing.T) {
	incomplete := strings.Replace(completed, `"COMPLETE"`, `"INCOMPLETE"`, 1)
	for name, c := range map[string]struct {
		input   []string
		setting string
		answer  int
		reason  string
		fails   bool
	}{
		"incomplete":          {[]string{user(`{"id":1}`), completed, incomplete}, "", 0, "the source says that it did not read the stream to its end", false},
		"no status":           {[]string{user(`{"id":1}`)}, "", 0, "the source has not said that it read the stream to its end; set removals_without_complete if it never does", false},
		"a failed sync":       {table(`{"id":1}`), "", http.StatusUnauthorized, "", true},
		"a broken input":      {append(table(`{"id":1}`), `{"type":`), "", 0, "", true},
		"it is not asked for": {table(`{"id":1}`), `{"type":"none"}`, 0, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAudit(t)
			a.answer = func(w http.ResponseWriter, _ string, _ int) bool {
				if c.answer != 0 {
					w.WriteHeader(c.answer)
				}
				return c.answer == 0
			}
			a.setting = cmp.Or(c.setting, a.setting)
			manifests, err := a.sync(c.input...)
			if len(manifests) > 0 || (err != nil) != c.fails {
				t.Errorf("error %v, manifests %v", err, manifests)
			}
			got := a.report.Streams[0].Manifest
			if c.reason == "" {
				if got != nil {
					t.Errorf("report %+v", got)
				}
				return
			}
			if got == nil || got.Outcome != report.ManifestWithheld || got.Reason != c.reason || !strings.Contains(a.out.String(), `no manifest is sent stream=users reason=\"`+c.reason) {
				t.Errorf("report %+v, log %s", got, a.out)
			}
		})
	}
	a := newAudit(t)
	a.options = `,"removals_without_complete":true`
	a.only(user(`{"id":1}`))
}

// A manifest that the endpoint does not accept fails the sync. Its states hold: the rows are
// delivered. The snapshot goes on as after a sync that failed: the refresh is not at its end.
func TestManifestThatIsNotAccepted(t *testing.T) {
	a := newAudit(t)
	a.catalog = strings.Replace(usersRefresh, `"destination_sync_mode"`, `"generation_id":5,"minimum_generation_id":5,"sync_id":7,"destination_sync_mode"`, 1)
	a.options = `,"snapshot":{"type":"local","path":"` + filepath.Join(a.dir, "snapshot") + `"}`
	const state = `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"},"stream_state":{"at":1}}}}`
	a.status = http.StatusConflict
	manifests, err := a.sync(append(firstTable, state)...)
	if err == nil || !strings.Contains(err.Error(), "stream users: all rows were delivered and their states written, but the endpoint did not accept the manifest: ") || !strings.Contains(err.Error(), "a batch is missing") {
		t.Errorf("error %v", err)
	}
	if m := manifests[0]; m["sync_id"] != 7. || m["generation_id"] != 5. || m["minimum_generation_id"] != 5. {
		t.Errorf("got %v", m)
	}
	if !strings.Contains(a.out.String(), `"stream_state":{"at":1}`) || a.report.Streams[0].Manifest.Outcome != report.ManifestFailed || a.report.Outcome != report.Failed {
		t.Errorf("report %+v, stdout %s", a.report, a.out)
	}

	// The sync is resumed where the state says: nothing is left to read, and nothing has left.
	a.status = 0
	if got, want := rowsOf(a.only(completed)), "0 added, 0 changed, 0 removed, 0 upserted, 0 rejected, 0 skipped, removals sent"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Manifests can have a URL and a method of their own, with the names of the stream.
func TestManifestURL(t *testing.T) {
	a := newAudit(t)
	a.setting = `{"type":"webhook","url":"` + a.url + `/ends/{stream}{?namespace}","method":"PUT"}`
	a.only(table(`{"id":1}`)...)
	if !slices.Equal(a.paths, []string{"PUT /ends/users"}) {
		t.Errorf("got %q", a.paths)
	}
}

// Each stream has its manifest, an empty one too.
func TestManifestsOfAllStreams(t *testing.T) {
	a := newAudit(t)
	stream := `,{"stream":{"name":"orders","namespace":"shop","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`
	a.catalog = strings.TrimSuffix(usersRefresh, "]}") + stream
	complete := strings.Replace(completed, `"name":"users"`, `"name":"orders","namespace":"shop"`, 1)
	manifests, err := a.sync(append(table(`{"id":1}`), complete)...)
	if err != nil || len(manifests) != 2 {
		t.Fatalf("error %v, manifests %v", err, manifests)
	}
	slices.SortFunc(manifests, func(a, b map[string]any) int { return strings.Compare(a["stream"].(string), b["stream"].(string)) })
	if m := manifests[0]; m["namespace"] != "shop" || m["batches"] != 0. || m["digest"] != strings.Repeat("0", 64) {
		t.Errorf("got %v", m)
	}
}

// Preview, check and schema know manifests: where one goes, whether that can be reached, what it
// is.
func TestManifestBeforeASync(t *testing.T) {
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	r := newRig(t)
	p, config, catalog, out := r.program(`,"manifest":{"type":"webhook","url":"`+dead.URL+`/ends/{stream}?key=topsecret-manifest"}`, firstTable...)
	if err := p.Preview(t.Context(), config, catalog, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n  a manifest at the end of the stream:\n  POST " + dead.URL + "/ends/users?key=", "\n  Airbyte-Run: ***", "\n  Airbyte-Generation: 0"} {
		if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "topsecret") {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	out.Reset()
	if ok, err := p.Check(t.Context(), config); ok || err != nil || !strings.Contains(out.String(), "manifest.url: ") {
		t.Errorf("check: %v, %v, %s", ok, err, out)
	}
}

func TestManifestFitsTheSchema(t *testing.T) {
	const options = `{"url":"https://example.com/hook","manifest":{"type":"webhook","url":"https://example.com/ends/{stream}"}}`
	a := newAudit(t)
	a.only(table(`{"id":1}`)...)
	contract := compiled(t, contractOf(t, options, usersRefresh, false))
	if err := contract.Validate(any(a.manifests[0])); err != nil {
		t.Error(err)
	}
	if err := compiled(t, contractOf(t, `{"url":"https://example.com/hook"}`, usersRefresh, false)).Validate(any(a.manifests[0])); err == nil {
		t.Error("a manifest fits the schema of a config without manifests")
	}
	document := contractOf(t, options, usersRefresh, true)
	item := document["paths"].(map[string]any)["/ends/users"].(map[string]any)["post"].(map[string]any)
	if item["summary"] != "Manifests of users" || document["webhooks"].(map[string]any)["manifest"] == nil {
		t.Errorf("got %v", item)
	}
}

// A replay of dead letters reads no source, and ends no stream.
func TestReplayHasNoManifest(t *testing.T) {
	a := newAudit(t)
	a.options = `,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":"` + a.dir + `/letters"}`
	accepts := false
	a.answer = func(w http.ResponseWriter, _ string, _ int) bool {
		if !accepts {
			w.WriteHeader(http.StatusBadRequest)
		}
		return accepts
	}
	a.only(table(`{"id":1}`)...)
	accepts, a.manifests = true, nil
	p := &Program{Spec: configtest.Spec(t), Version: "test", Stdout: a.out, Getenv: func(string) string { return "" }}
	if err := p.ReplayDeadLetters(t.Context(), filepath.Join(a.dir, "config.json"), filepath.Join(a.dir, "catalog.json"), replay.Filter{}, false); err != nil {
		t.Fatal(err)
	}
	if len(a.manifests) > 0 || len(a.runs[""]) != 1 {
		t.Errorf("manifests %v, requests %v", a.manifests, a.runs)
	}
}

// The manifest that docs/payload.md shows is one.
func TestManifestOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/payload.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(page) {
		if bytes.HasPrefix(line, []byte(`{"type":"manifest"`)) {
			requireManifest(t, line)
			return
		}
	}
	t.Error("docs/payload.md shows no manifest")
}
