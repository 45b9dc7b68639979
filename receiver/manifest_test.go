package receiver_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/destination"
	"destination-webhook/destination/config/configtest"
	"destination-webhook/receiver"
	"destination-webhook/receiver/journal"
	"destination-webhook/receiver/store"
)

// losing is a way to a receiver on which a batch is lost after the sender was told that it arrived.
func losing(t *testing.T, s *receiver.Server, text string) string {
	target, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if text != "" && bytes.Contains(body, []byte(text)) {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// syncTo runs a sync of five users, in batches of two, that ends with a manifest.
func syncTo(t *testing.T, address string) error {
	t.Helper()
	dir, input := t.TempDir(), strings.Builder{}
	for id := range 5 {
		fmt.Fprintf(&input, `{"type":"RECORD","record":{"stream":"users","namespace":"shop","data":{"id":%d,"name":"user-%d"},"emitted_at":1}}`+"\n", id, id)
	}
	for _, stream := range []string{"users", "orders"} {
		fmt.Fprintf(&input, `{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1,"stream_status":{"stream_descriptor":{"name":%q,"namespace":"shop"},"status":"COMPLETE"}}}`+"\n", stream)
	}
	catalog := `{"streams":[{"stream":{"name":"users","namespace":"shop","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append"},
		{"stream":{"name":"orders","namespace":"shop","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`
	config := fmt.Sprintf(`{"url":%q,"signing":{"secret":%q},"batching":{"max_rows":2},"delivery":{"retry":{"max_attempts":1}},"manifest":{"type":"webhook"}}`, address, rightSecret)
	for name, text := range map[string]string{"config.json": config, "catalog.json": catalog} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &destination.Program{
		Spec: configtest.Spec(t), Version: "test", Stdin: strings.NewReader(input.String()), Stdout: io.Discard,
		Getenv: func(string) string { return "" },
	}
	return p.Write(t.Context(), filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json"))
}

// runOf is what programs get of the latest run of a stream.
func runOf(t *testing.T, s *receiver.Server, stream string) *journal.Run {
	t.Helper()
	response, err := http.Get(s.URL() + "/_/api/wait")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var totals journal.Totals
	if err := json.NewDecoder(response.Body).Decode(&totals); err != nil {
		t.Fatal(err)
	}
	for _, of := range totals.Streams {
		if of.Stream == stream {
			return of.Run
		}
	}
	return nil
}

func TestManifestIsChecked(t *testing.T) {
	s := listen(t, receiver.Options{SigningSecrets: []string{rightSecret}})
	if err := syncTo(t, s.URL()); err != nil {
		t.Fatal(err)
	}
	for stream, want := range map[string]journal.Counts{"users": {Batches: 3, Rows: 5}, "orders": {}} {
		if r := runOf(t, s, stream); r == nil || r.State != journal.Whole || (journal.Counts{Batches: r.Batches, Rows: r.Rows}) != want || *r.Expected != want {
			t.Errorf("%s: %+v", stream, r)
		}
	}

	const problem = "2 of 3 batches were accepted here, with 3 of 5 rows"
	err := syncTo(t, losing(t, s, "user-1"))
	if err == nil || !strings.Contains(err.Error(), problem) {
		t.Errorf("error %v, want %q", err, problem)
	}
	if r := runOf(t, s, "users"); r.State != journal.Broken || r.Problem != problem {
		t.Errorf("%+v", r)
	}
	if r := runOf(t, s, "orders"); r.State != journal.Whole {
		t.Errorf("%+v", r)
	}
	if err := syncTo(t, losing(t, s, `"type":"manifest"`)); err != nil {
		t.Error(err)
	}
	if r := runOf(t, s, "users"); r.State != journal.Open || r.Batches != 3 {
		t.Errorf("without a manifest %+v", r)
	}
}

// A receiver that is started again with its file knows what is whole.
func TestRunsOutliveTheReceiver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "requests.jsonl")
	for again := range 2 {
		f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		kept, records, err := store.Open(f, 100, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		s := listen(t, receiver.Options{Store: kept, Stored: records})
		if again == 0 {
			err = syncTo(t, s.URL())
		}
		if r := runOf(t, s, "users"); err != nil || r == nil || r.State != journal.Whole || r.Batches != 3 {
			t.Errorf("%v, %+v", err, r)
		}
		_ = s.Close()
		_ = kept.Close()
	}
}

// The page says of each stream whether the last sync is whole, and what is missing.
func TestPageShowsManifests(t *testing.T) {
	c, s, _ := openPage(t, receiver.Options{})
	if err := syncTo(t, s.URL()); err != nil {
		t.Fatal(err)
	}
	const badges = `[...document.querySelectorAll("#streams li")].map((l) => l.querySelector(".tag")?.textContent).join()`
	c.until(badges + ` === "whole,whole"`)
	c.until(lines + `.filter((l) => l.includes("manifest")).length === 2`)
	if err := syncTo(t, losing(t, s, "user-1")); err == nil {
		t.Error("a sync of which a batch was lost went well")
	}
	c.until(badges + ` === "whole,broken: 2 of 3 batches, 3 of 5 rows"`)
	c.until(lines + `.some((l) => l.includes("409") && l.includes("shop.users") && l.includes("manifest"))`)
}
