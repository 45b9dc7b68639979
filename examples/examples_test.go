package examples

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/acceptance_tests/connector"
	"destination-webhook/destination/signature/signaturetest"

	"github.com/google/go-cmp/cmp"
)

const (
	secret = signaturetest.Secret
	other  = signaturetest.OtherSecret
)

const catalog = `{"streams":[
{"stream":{"name":"users","json_schema":{"type":"object"},"supported_sync_modes":["incremental"]},"primary_key":[["id"]],
 "sync_mode":"incremental","destination_sync_mode":"append_dedup"},
{"stream":{"name":"page views","json_schema":{"type":"object"},"supported_sync_modes":["incremental"]},
 "sync_mode":"incremental","destination_sync_mode":"append"}]}`

const firstSync = `{"type":"RECORD","record":{"stream":"users","data":{"id":1,"email":"ada@example.com","plan":"free"},"emitted_at":1}}
{"type":"RECORD","record":{"stream":"users","data":{"id":2,"email":"ben@example.com"},"emitted_at":1}}
{"type":"RECORD","record":{"stream":"users","data":{"id":3,"email":"nowhere"},"emitted_at":1}}
{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"},"stream_state":{"cursor":1}}}}
{"type":"RECORD","record":{"stream":"page views","data":{"page":"/"},"emitted_at":1}}
{"type":"RECORD","record":{"stream":"page views","data":{"page":"/"},"emitted_at":1}}
{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"page views"},"stream_state":{"cursor":1}}}}
`

const secondSync = `{"type":"RECORD","record":{"stream":"users","data":{"id":1,"email":"ada@example.com","plan":"pro"},"emitted_at":2}}
{"type":"RECORD","record":{"stream":"users","data":{"id":2,"_ab_cdc_deleted_at":"2026-11-24"},"emitted_at":2}}
{"type":"RECORD","record":{"stream":"users","data":{"id":4,"email":null},"emitted_at":2}}
{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"},"stream_state":{"cursor":2}}}}
`

var endpoints = map[string]func(*testing.T) *exec.Cmd{"go": goEndpoint, "python": pythonEndpoint, "node": nodeEndpoint}

func TestEndpoints(t *testing.T) {
	for name, command := range endpoints {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exercise(t, connector.StartEndpoint(t, command(t), secret))
		})
	}
}

// An endpoint with the public key alone knows the sender, and nobody else.
func TestEndpointsVerifyByAPublicKey(t *testing.T) {
	for name, command := range endpoints {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint, folder := connector.StartEndpoint(t, command(t), signaturetest.PublicKey), t.TempDir()
			for key, want := range map[string]string{signaturetest.PrivateKey: "SUCCEEDED", signaturetest.OtherPrivateKey: "401"} {
				write(t, folder, "config.json", fmt.Sprintf(`{"url":%q,"signing":{"type":"ed25519","secret":%q}}`, endpoint+"/hook", key))
				if said := run(t, folder, "", 0, "check", "--config", "config.json"); !strings.Contains(said, want) {
					t.Errorf("the check says %s, want %s", said, want)
				}
			}
		})
	}
}

func exercise(t *testing.T, endpoint string) {
	relay, folder := newRelay(t, endpoint), t.TempDir()
	write(t, folder, "catalog.json", catalog)
	write(t, folder, "config.json", config(folder, relay.URL, secret))
	write(t, folder, "forged.json", config(folder, relay.URL, other))

	if said := run(t, folder, "", 0, "check", "--config", "config.json"); !strings.Contains(said, `"SUCCEEDED"`) {
		t.Errorf("the check: %s", said)
	}
	holdsFirst(t, folder, endpoint)
	after := tables{
		"users": {
			`"1"`: {"id": 1.0, "email": "ada@example.com", "plan": "pro"},
			`"4"`: {"id": 4.0, "email": nil},
		},
		"page views": {"#0": {"page": "/"}, "#1": {"page": "/"}},
	}
	run(t, folder, secondSync, 0, "write", "--config", "config.json", "--catalog", "catalog.json")
	if diff := cmp.Diff(after, show(t, endpoint)); diff != "" {
		t.Errorf("after the second sync (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"added", "added", "added", "added", "added", "added", "changed", "removed"}, relay.seen()); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	if !relay.repeated() {
		t.Error("not every batch was sent again after its answer was lost")
	}

	if status := postCompressed(t, endpoint); status != http.StatusUnsupportedMediaType {
		t.Errorf("a compressed body is answered %d", status)
	}
	if said := run(t, folder, "", 0, "check", "--config", "forged.json"); !strings.Contains(said, "401") {
		t.Errorf("the check with another secret: %s", said)
	}
	run(t, folder, firstSync, 1, "write", "--config", "forged.json", "--catalog", "catalog.json")
	if diff := cmp.Diff(after, show(t, endpoint)); diff != "" {
		t.Errorf("after rows that somebody else signed (-want +got):\n%s", diff)
	}
}

// holdsFirst looks at the first sync, of which one row is refused.
func holdsFirst(t *testing.T, folder, endpoint string) {
	t.Helper()
	said := run(t, folder, firstSync, 0, "write", "--config", "config.json", "--catalog", "catalog.json")
	if !strings.Contains(said, `"destinationStats":{"recordCount":2.0,"rejectedRecordCount":1.0,`) {
		t.Errorf("no state tells of the refused row:\n%s", said)
	}
	want := tables{
		"users": {
			`"1"`: {"id": 1.0, "email": "ada@example.com", "plan": "free"},
			`"2"`: {"id": 2.0, "email": "ben@example.com"},
		},
		"page views": {"#0": {"page": "/"}, "#1": {"page": "/"}},
	}
	if diff := cmp.Diff(want, show(t, endpoint)); diff != "" {
		t.Errorf("after the first sync (-want +got):\n%s", diff)
	}
	letters, err := filepath.Glob(filepath.Join(folder, "letters", "*"))
	if err != nil || len(letters) != 1 {
		t.Fatalf("files of dead letters: %q, %v", letters, err)
	}
	text, err := os.ReadFile(letters[0])
	if err != nil || bytes.Count(text, []byte("\n")) != 1 || !bytes.Contains(text, []byte("email is not an address")) {
		t.Errorf("dead letters: %s, %v", text, err)
	}
}

func postCompressed(t *testing.T, endpoint string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint+"/hook", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Content-Encoding", "gzip")
	response, err := new(http.Client).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func config(folder, address, secret string) string {
	return fmt.Sprintf(`{"url":%q,"signing":{"secret":%q},"delivery":{"retry":{"initial_interval_ms":10}},
"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q},"snapshot":{"type":"local","path":%q}}`,
		address+"/hook", secret, filepath.Join(folder, "letters"), filepath.Join(folder, "snapshot"))
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if !json.Valid([]byte(text)) {
		t.Fatalf("%s is not JSON: %s", name, text)
	}
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
