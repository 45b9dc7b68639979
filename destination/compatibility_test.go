package destination

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/destination/config/configtest"
)

// kept is the folder of what 0.1.0 left: its config, the snapshot and the dead letter of its sync
// of four users, and what the source of the next sync sends. Never write them again by a later
// version.
const kept = "testdata/0.1.0"

// upgraded returns a program with the config of 0.1.0, changed by replacements, and a copy of its
// snapshot.
func upgraded(t *testing.T, replacements ...string) (p *Program, config string, out *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "snapshot"), os.DirFS(filepath.Join(kept, "snapshot"))); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(kept, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	replacements = append(replacements, "SNAPSHOT", filepath.Join(dir, "snapshot"), "DEADLETTERS", filepath.Join(dir, "dead-letters"))
	config = filepath.Join(dir, "config.json")
	if err := os.WriteFile(config, []byte(strings.NewReplacer(replacements...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	out = &bytes.Buffer{}
	return &Program{Spec: configtest.Spec(t), Version: "next", Stdout: out, Getenv: func(string) string { return "" }}, config, out
}

// A sync with the config and the snapshot of 0.1.0 sends what differs, and not every row again.
func TestSnapshotOf010(t *testing.T) {
	p, config, out := upgraded(t)
	records, err := os.Open(filepath.Join(kept, "records.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = records.Close() }()
	p.Stdin = records
	if err := p.Preview(t.Context(), config, filepath.Join(kept, "catalog.json"), false); err != nil {
		t.Fatal(err)
	}
	const want = "stream shop.users, sync mode mirror: 1 added, 1 changed, 1 removed, 0 upserted, 1 unchanged"
	if !strings.Contains(out.String(), want) {
		t.Errorf("want %q in\n%s", want, out)
	}
}

// A dead letter of 0.1.0 is the input of a sync, which delivers its row.
func TestDeadLetterOf010(t *testing.T) {
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	letters, err := os.ReadFile(filepath.Join(kept, "dead-letters.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	p, config, out := upgraded(t, "http://127.0.0.1:18099", server.URL, `"gzip"`, `"none"`)
	p.Stdin = bytes.NewReader(letters)
	if err := p.Write(t.Context(), config, filepath.Join(kept, "catalog.json")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !bytes.Contains(body, []byte(`{"id":4,"name":"Dmitri"}`)) || !bytes.Contains(body, []byte("SOURCE_RETRIEVAL_ERROR")) {
		t.Errorf("sent %s", body)
	}
}
