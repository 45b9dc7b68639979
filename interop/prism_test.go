package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"destination-webhook/sample"
)

// prismURL is what Prism says of where it listens.
var prismURL = regexp.MustCompile(`http://127\.0\.0\.1:[1-9][0-9]*`)

// startPrism serves an OpenAPI document as a mock server does, and refuses what does not fit it. It
// returns the URL.
func startPrism(t *testing.T, document string) string {
	t.Helper()
	prism, err := filepath.Abs(".prism/node_modules/.bin/prism")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(prism); err != nil {
		t.Skip("Prism is not installed: run interop/install")
	}
	command := exec.CommandContext(t.Context(), prism, "mock", "--host", "127.0.0.1", "--port", "0", document)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "listening") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return prismURL.FindString(lines.Text())
		}
	}
	t.Fatal("Prism ended before it listened")
	return ""
}

// Prism, fed with the program's own OpenAPI document, accepts the check of the connection and every
// request of the demo, and refuses requests that are broken.
func TestPrismTakesWhatTheDocumentDescribes(t *testing.T) {
	folder := t.TempDir()
	place := func(name string) string { return filepath.Join(folder, name) }
	write := func(name string, text []byte) {
		if err := os.WriteFile(place(name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(stdin []byte, args ...string) []byte {
		command := exec.CommandContext(t.Context(), program, args...)
		command.Stdin = bytes.NewReader(stdin)
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return out
	}
	write("catalog.json", sample.Catalog)
	write("before.json", sample.Config)
	write("openapi.json", run(nil, "schema", "--config", place("before.json"), "--catalog", place("catalog.json"), "--openapi"))
	url := startPrism(t, place("openapi.json"))

	var config map[string]any
	if err := json.Unmarshal(sample.Config, &config); err != nil {
		t.Fatal(err)
	}
	config["url"] = url + "/hook"
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	write("config.json", text)
	if out := run(nil, "check", "--config", place("config.json")); !bytes.Contains(out, []byte(`"SUCCEEDED"`)) {
		t.Errorf("the check says %s", out)
	}
	run(sample.Records, "write", "--config", place("config.json"), "--catalog", place("catalog.json"))
	for name, body := range map[string]string{
		"an unknown mode":      `{"sync_mode":"replace","rows":[]}`,
		"a field of no schema": `{"sync_mode":"insert","rows":[{"data":{"order":"x"},"operation":"added"}]}`,
		"no envelope":          `[]`,
	} {
		if status := post(t, url+"/hook", body); status < 400 {
			t.Errorf("%s is answered %d", name, status)
		}
	}
}

// post sends a body as a batch of stream orders.
func post(t *testing.T, url, body string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Webhook-Id": "msg_1", "Webhook-Timestamp": "1", "Webhook-Signature": "v1,x", "Airbyte-Stream": "orders",
	} {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}
