package destination

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"destination-webhook/destination/bucket/buckettest"
	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/report"
)

// requireReport holds a report against the published schema.
func requireReport(t *testing.T, text []byte) (r report.File) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(document)
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return r
}

// Each sync leaves a report, whatever became of it, with counts that are true and no secret: one
// whose second attempt is accepted, one whose credentials are refused, and one whose config is
// broken.
func TestReport(t *testing.T) {
	statuses := []int{http.StatusServiceUnavailable, http.StatusOK, http.StatusUnauthorized}
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(statuses[requests])
		_, _ = w.Write([]byte("hunter2"))
		requests++
	}))
	defer server.Close()
	dir := t.TempDir()
	sync := func(config string) report.File {
		t.Helper()
		return requireReport(t, syncWithReport(t, dir, config))
	}
	config := `{"url":"` + server.URL + `","api_key":"hunter2","delivery":{"retry":{"initial_interval_ms":1}}}`

	got := sync(config)
	if diff := cmp.Diff(map[string]int64{"200": 1, "503": 1}, got.Statuses); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int64{"503": 1}, got.Causes); diff != "" {
		t.Error(diff)
	}
	users := got.Streams[0]
	if got.Outcome != report.Succeeded || got.Job+"/"+got.Attempt != "7/2" || users.Stream != "users" || users.Delivered != 1 || users.Requests != 2 || users.Retries != 1 ||
		users.Latency.Max <= 0 || users.Sent != 2*users.Bytes || !cmp.Equal(users.Counts, got.Totals) {
		t.Errorf("after success: %+v", got)
	}
	got = sync(config)
	if got.Outcome != report.Failed || got.Failure.Type != "config_error" || got.Totals.Requests != 1 || got.Totals.Delivered != 0 {
		t.Errorf("after 401: %+v", got)
	}
	got = sync(`{"url":7}`)
	if got.Outcome != report.Failed || got.Failure.Type != "config_error" || len(got.Streams) != 0 {
		t.Errorf("after a broken config: %+v", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 3 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

// syncWithReport syncs a row with its files in a folder, and returns the report that it leaves
// there in place of an earlier one. It may fail, and never reports hunter2.
func syncWithReport(t *testing.T, dir, config string) []byte {
	t.Helper()
	path := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	config, catalog, file := path("config.json", config), path("catalog.json", usersRefresh), path("report.json", "the last one")
	const record = `{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":0}}` + "\n"
	p := &Program{
		Spec: configtest.Spec(t), Version: "1.2.3", Stdin: strings.NewReader(record), Stdout: &bytes.Buffer{}, Report: file,
		Getenv: func(name string) string {
			return map[string]string{"WORKER_JOB_ID": "7", "WORKER_JOB_ATTEMPT": "2"}[name]
		},
	}
	_ = p.Write(t.Context(), config, catalog)
	text, err := os.ReadFile(file)
	if err != nil || bytes.Contains(text, []byte("hunter2")) {
		t.Fatalf("%v: %s", err, text)
	}
	return text
}

// panicsOnState is stdout that panics at a STATE.
type panicsOnState struct{ bytes.Buffer }

func (p *panicsOnState) Write(text []byte) (int, error) {
	if bytes.Contains(text, []byte(`"STATE"`)) {
		panic("hunter2")
	}
	return p.Buffer.Write(text)
}

// The report of a sync that panicked has what was done before.
func TestReportAfterAPanic(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	p := programOf(t, map[string]string{"config": `{"url":"` + server.URL + `"}`, "catalog": usersRefresh}, table(`{"id":1}`), &panicsOnState{})
	p.Stdin = io.MultiReader(p.Stdin, strings.NewReader(`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"}}}}`+"\n"))
	p.Report = filepath.Join(t.TempDir(), "report.json")
	requireCrash(t, p.Write(t.Context(), "config", "catalog"))
	text, err := os.ReadFile(p.Report)
	if err != nil {
		t.Fatal(err)
	}
	if r := requireReport(t, text); r.Outcome != report.Failed || r.Failure.Type != "system_error" || len(r.Streams) != 1 || r.Totals.Read != 1 || r.Totals.Delivered != 1 {
		t.Errorf("got %s", text)
	}
}

// A report that cannot be written is a warning: the sync is as it was.
func TestReportThatCannotBeWritten(t *testing.T) {
	var out bytes.Buffer
	p := &Program{
		Spec: configtest.Spec(t), Stdin: strings.NewReader(""), Stdout: &out, Report: filepath.Join(t.TempDir(), "missing", "report.json"),
		Getenv: func(string) string { return "" },
	}
	err := p.Write(t.Context(), "missing.json", "missing.json")
	if err == nil || strings.Contains(err.Error(), "report") || !strings.Contains(out.String(), `"level":"WARN","message":"the report was not written error=\"writing the report: `) {
		t.Errorf("%v, wrote %s", err, out.String())
	}
}

// leftBy runs a sync of one user with settings added to its config, and returns the messages.
func leftBy(t *testing.T, settings string, statuses ...int) (messages string, err error) {
	t.Helper()
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(statuses[min(requests, len(statuses)-1)])
		requests++
	}))
	defer server.Close()
	dir, out := t.TempDir(), &bytes.Buffer{}
	config, catalog := filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json")
	for name, text := range map[string]string{config: `{"url":"` + server.URL + `",` + settings + `}`, catalog: usersRefresh} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &Program{
		Spec: configtest.Spec(t), Version: "1.2.3", Stdout: out, Getenv: func(string) string { return "" },
		Stdin: strings.NewReader(`{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":0}}` + "\n"),
	}
	err = p.Write(t.Context(), config, catalog)
	return out.String(), err
}

// The config's report is left in a file, in a bucket or at an endpoint, after success and failure,
// signed and with credentials of its own.
func TestReportOfTheConfig(t *testing.T) {
	const signing = `"signing":{"secret":"whsec_c2VjcmV0"}`
	type request struct {
		header http.Header
		body   []byte
	}
	got := make(chan request, 9)
	place := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- request{r.Header, body}
	}))
	defer place.Close()
	for status, want := range map[int]report.Outcome{200: report.Succeeded, 401: report.Failed} {
		_, err := leftBy(t, signing+`,"api_key":"the endpoint's","report":{"type":"webhook","url":"`+place.URL+`","authorization_header":"Bearer r"}`, status)
		r := <-got
		if left := requireReport(t, r.body); left.Outcome != want || (err == nil) != (want == report.Succeeded) {
			t.Errorf("after %d: %s, %v", status, left.Outcome, err)
		}
		if r.header.Get("Authorization") != "Bearer r" || r.header.Get("X-Api-Key") != "" || r.header.Get("Webhook-Id") == "" || !strings.HasPrefix(r.header.Get("Webhook-Signature"), "v1,") {
			t.Errorf("sent with %v", r.header)
		}
		file := filepath.Join(t.TempDir(), "report.json")
		_, _ = leftBy(t, `"report":{"type":"local","path":"`+file+`"}`, status)
		text, err := os.ReadFile(file)
		if err != nil || requireReport(t, text).Outcome != want {
			t.Errorf("the file after %d: %v, %s", status, err, text)
		}
	}
}

// In a bucket each sync leaves an object of its own.
func TestReportsInABucket(t *testing.T) {
	var memory buckettest.Memory
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := memory.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	}))
	defer service.Close()
	settings := `"report":{"type":"s3","bucket":"rows","prefix":"reports/","region":"us-east-1","endpoint":"` + service.URL + `","access_key_id":"i","secret_access_key":"s"}`
	for range 2 {
		if messages, err := leftBy(t, settings, 200); err != nil || strings.Contains(messages, "the report was not written") {
			t.Fatalf("%v\n%s", err, messages)
		}
	}
	if len(memory.Objects()) != 2 {
		t.Errorf("%d objects", len(memory.Objects()))
	}
	for name, text := range memory.Objects() {
		if r := requireReport(t, text); !strings.HasPrefix(name, "reports/report-") || r.Totals.Delivered != 1 {
			t.Errorf("%s has %s", name, text)
		}
	}
}

// A place that takes no report is a warning, and the sync ends as well as it would have.
func TestReportThatIsRefused(t *testing.T) {
	for name, settings := range map[string]string{
		"endpoint": `"report":{"type":"webhook","url":"http://127.0.0.1:1/token-of-the-path"}`,
		"folder":   `"report":{"type":"local","path":"/missing/folder/report.json"}`,
		"bucket":   `"report":{"type":"s3","bucket":"b","region":"r"}`,
	} {
		messages, err := leftBy(t, settings+`,"delivery":{"retry":{"max_attempts":1}}`, 200)
		if err != nil || !strings.Contains(messages, `"level":"WARN","message":"the report was not written`) || strings.Contains(messages, "token-of-the-path") {
			t.Errorf("%s: %v, %s", name, err, messages)
		}
	}
}
