package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination/loopbacktest"
	"destination-webhook/sample"
)

// Prism, fed with the program's own OpenAPI document, accepts the check of the connection and every
// request of the demo, and refuses requests that are broken.
func TestPrismTakesWhatTheDocumentDescribes(t *testing.T) {
	prism := installed(t, ".prism/node_modules/.bin/prism")
	folder := t.TempDir()
	place := func(name string) string { return filepath.Join(folder, name) }
	run := func(stdin []byte, args ...string) []byte {
		command := exec.CommandContext(t.Context(), program, args...)
		command.Stdin = bytes.NewReader(stdin)
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return out
	}
	write(t, folder, "catalog.json", string(sample.Catalog))
	write(t, folder, "before.json", string(sample.Config))
	write(t, folder, "openapi.json", string(run(nil, "schema", "--config", place("before.json"), "--catalog", place("catalog.json"), "--openapi")))
	address := loopbacktest.FreeAddress(t)
	url := "http://" + address.String()
	startServer(t, exec.CommandContext(t.Context(), prism, "mock", "--host", address.Addr().String(), "--port", fmt.Sprint(address.Port()), place("openapi.json")), "listening")

	var config map[string]any
	if err := json.Unmarshal(sample.Config, &config); err != nil {
		t.Fatal(err)
	}
	config["url"] = url + "/hook"
	write(t, folder, "config.json", encoded(t, config))
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
