package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/acceptance_tests/connector"
)

// installed returns the path of a server that the script install has put below this folder, or
// skips the test.
func installed(t *testing.T, path ...string) string {
	t.Helper()
	server, err := filepath.Abs(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(server); err != nil {
		t.Skipf("%s is not installed: run interop/install", filepath.Base(server))
	}
	return server
}

// startServer runs a server until the test ends, and returns once it has printed that it is ready.
func startServer(t *testing.T, command *exec.Cmd, ready string) {
	t.Helper()
	lines := bufio.NewReader(connector.Start(t, command))
	var said strings.Builder
	for {
		line, err := lines.ReadString('\n')
		said.WriteString(line)
		if strings.Contains(line, ready) {
			go func() { _, _ = io.Copy(io.Discard, lines) }() // or the server blocks on a full pipe
			return
		}
		if err != nil {
			t.Fatalf("%s is not ready: %v\n%s", command.Path, err, said.String())
		}
	}
}

// ask makes a request and returns the answer, which is to be a success.
func ask(t *testing.T, method, url, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s, %v\n%s", method, url, response.Status, err, text)
	}
	return string(text)
}

// sync writes rows to an endpoint in append mode with a key, as the config says.
func sync(t *testing.T, config string, rows []byte) (folder string) {
	t.Helper()
	folder = t.TempDir()
	write(t, folder, "catalog.json", `{"streams":[{"stream":{"name":"users","json_schema":{"type":"object"}},"sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":[["_id"]]}]}`)
	write(t, folder, "config.json", config)
	command := exec.CommandContext(t.Context(), program, "write", "--config", "config.json", "--catalog", "catalog.json")
	command.Dir, command.Stdin = folder, bytes.NewReader(rows)
	output, err := command.CombinedOutput()
	if err != nil || !bytes.Contains(output, []byte(`"type":"STATE"`)) {
		t.Fatalf("the sync failed: %v\n%s", err, output)
	}
	return folder
}

// users returns records of users with the ids from first to last, and a state.
func users(first, last int) []byte {
	var b bytes.Buffer
	for id := first; id <= last; id++ {
		fmt.Fprintf(&b, `{"type":"RECORD","record":{"stream":"users","data":{"_id":"u%06d","kind":"k%d","message":"user %d said \"hello\"","created_at":"2026-11-28T00:00:%02d.%03dZ"},"emitted_at":1}}`+"\n",
			id, id%7, id, id/1000%60, id%1000)
	}
	b.WriteString(`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"},"stream_state":{"done":true}}}}` + "\n")
	return b.Bytes()
}

// encoded writes a value as JSON.
func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
