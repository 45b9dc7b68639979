package destination

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

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

// Each sync leaves a report, whatever became of it, with counts that are true and no secret.
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
	path := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	config := path("config.json", `{"url":"`+server.URL+`","api_key":"hunter2","delivery":{"retry":{"initial_interval_ms":1}}}`)
	catalog, file := path("catalog.json", usersRefresh), path("report.json", "the last one")
	const record = `{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":0}}` + "\n"
	sync := func(config string) []byte {
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

	got := requireReport(t, sync(config))
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
	got = requireReport(t, sync(config))
	if got.Outcome != report.Failed || got.Failure.Type != "config_error" || got.Totals.Requests != 1 || got.Totals.Delivered != 0 {
		t.Errorf("after 401: %+v", got)
	}
	got = requireReport(t, sync(path("broken.json", `{"url":7}`)))
	if got.Outcome != report.Failed || got.Failure.Type != "config_error" || len(got.Streams) != 0 {
		t.Errorf("after a broken config: %+v", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 4 {
		t.Errorf("the folder holds %v, %v", left, err)
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
