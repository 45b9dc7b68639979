package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/loopbacktest"
)

// TestCouchDB sends documents to CouchDB's protocol, spoken by pouchdb-server: rows inside a
// document of the config's, and a 201 whose list names the documents in conflict. Those are
// rejected, and nothing else.
func TestCouchDB(t *testing.T) {
	t.Parallel()
	server := installed(t, ".pouchdb", "node_modules", ".bin", "pouchdb-server")
	address := loopbacktest.FreeAddress(t).String()
	host, port, _ := strings.Cut(address, ":")
	command := exec.Command(server, "--in-memory", "--host", host, "--port", port) //nolint:gosec // the test's own
	command.Dir = t.TempDir()
	startServer(t, command, "has started on")
	database := "http://" + address + "/db"
	ask(t, "PUT", database, "")
	conflicts := []string{"u000003", "u000700", "u001499", "u001500"}
	for _, id := range conflicts {
		ask(t, "PUT", database+"/"+id, `{"kind":"there before"}`)
	}

	folder := sync(t, encoded(t, map[string]any{
		"url":              database + "/_bulk_docs",
		"payload":          map[string]string{"format": "wrapped", "wrapper": `{"docs": "$rows"}`},
		"answers":          map[string]string{"rejected_rows": `to_entries[] | select(.value.error) | {index: .key, reason: "\(.value.error): \(.value.reason)"}`},
		"batching":         map[string]int{"max_rows": 500},
		"on_rejected_rows": "dead_letter",
		"dead_letter":      map[string]string{"type": "local", "path": "letters"},
	}), users(1, 1500))

	if rejected := deadLetters(t, filepath.Join(folder, "letters")); !cmp.Equal(conflicts, rejected) {
		t.Errorf("dead letters %v, want %v", rejected, conflicts)
	}
	var all struct {
		Rows []struct {
			ID  string
			Doc struct{ Kind string }
		}
	}
	decode(t, ask(t, "GET", database+"/_all_docs?include_docs=true", ""), &all)
	if len(all.Rows) != 1500 {
		t.Errorf("%d documents, want 1500", len(all.Rows))
	}
	for i, row := range all.Rows {
		want := fmt.Sprintf("k%d", (i+1)%7)
		if slices.Contains(conflicts, row.ID) {
			want = "there before"
		}
		if row.ID != fmt.Sprintf("u%06d", i+1) || row.Doc.Kind != want {
			t.Errorf("document %d is %+v, want kind %s", i, row.Doc, want)
		}
	}
}

// deadLetters returns the ids of the dead letters in a folder, in order.
func deadLetters(t *testing.T, folder string) (ids []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var letter struct {
				Record struct {
					Data struct {
						ID string `json:"_id"`
					}
					Meta struct{ Rejection struct{ Reason string } }
				}
			}
			if err := json.Unmarshal([]byte(line), &letter); err != nil {
				t.Fatal(err)
			}
			if reason := letter.Record.Meta.Rejection.Reason; !strings.Contains(reason, "conflict") {
				t.Errorf("%s was rejected for another reason: %s", letter.Record.Data.ID, reason)
			}
			ids = append(ids, letter.Record.Data.ID)
		}
	}
	slices.Sort(ids)
	return ids
}
