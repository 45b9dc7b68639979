package image

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"destination-webhook/acceptance_tests/connector"

	"github.com/google/go-cmp/cmp"
)

// input is a sync of two records and the state after them, and what the endpoint must have received
// of it.
const input = `{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":1}}
{"type":"RECORD","record":{"stream":"users","data":{"id":2},"emitted_at":1}}
{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"},"stream_state":{"cursor":2}},"id":7}}
`

var delivered = []string{`{"id":1}`, `{"id":2}`}

func TestSandbox(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"runs as uid 1000", "id -u; id -g", "1000\n1000\n"},
		{"the user has a name", "id -un", "airbyte\n"},
		{"no capability is left", "grep CapEff /proc/self/status", "CapEff:\t0000000000000000\n"},
		{"nothing can be written", "for f in / /dest /tmp /usr/local/bin; do touch $f/probe 2>/dev/null && echo $f; done; echo none", "none\n"},
		{"the wrapper's tools are there", "for tool in sh [ echo sleep mv; do command -v $tool >/dev/null || echo $tool; done", ""},
		{"the roots are there", "grep -c -m 1 'BEGIN CERTIFICATE' /etc/ssl/certs/ca-certificates.crt", "1\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, _ := shell(t, test.script)
			if stdout != test.want || stderr != "" {
				t.Errorf("%s printed %q, want %q\nstderr: %s", test.script, stdout, test.want, stderr)
			}
		})
	}
}

func TestConfiguration(t *testing.T) {
	stdout, stderr, exit := podman(t, nil, "image", "inspect", imageName(t))
	if exit != 0 {
		t.Fatalf("inspect: exit %d: %s", exit, stderr)
	}
	var images []struct {
		Config struct {
			User            string
			Env, Entrypoint []string
			Labels          map[string]string
		}
	}
	if err := json.Unmarshal([]byte(stdout), &images); err != nil {
		t.Fatal(err)
	}
	config := images[0].Config
	if diff := cmp.Diff([]string{"/usr/local/bin/destination-webhook"}, config.Entrypoint); diff != "" {
		t.Errorf("entrypoint (-want +got):\n%s", diff)
	}
	if !regexp.MustCompile(`(?m)^AIRBYTE_ENTRYPOINT=/usr/local/bin/destination-webhook$`).MatchString(strings.Join(config.Env, "\n")) {
		t.Errorf("environment has no AIRBYTE_ENTRYPOINT equal to the entrypoint: %q", config.Env)
	}
	if config.User != "1000:1000" {
		t.Errorf("user is %q, want 1000:1000", config.User)
	}
	if name := config.Labels["io.airbyte.name"]; name != "airbyte/destination-webhook" {
		t.Errorf("label io.airbyte.name is %q", name)
	}
	if version := config.Labels["io.airbyte.version"]; version != metadataVersion(t) {
		t.Errorf("label io.airbyte.version is %q, metadata.yaml says %q", version, metadataVersion(t))
	}
}

func TestVersion(t *testing.T) {
	if got := runImage(t, t.TempDir(), "", "version"); !strings.Contains(got, metadataVersion(t)) {
		t.Errorf("version printed %q, metadata.yaml says %q", got, metadataVersion(t))
	}
}

func TestSpec(t *testing.T) {
	specs := messages(t, runImage(t, t.TempDir(), "", "spec"), "SPEC")
	if len(specs) != 1 || specs[0]["spec"] == nil {
		t.Fatalf("got %d SPEC messages, want one: %v", len(specs), specs)
	}
}

func TestCheck(t *testing.T) {
	endpoint := newEndpoint(t)
	stdout := runImage(t, configuration(t, endpoint.URL), "", "check", "--config", "config.json")
	got := messages(t, stdout, "CONNECTION_STATUS")
	if len(got) != 1 || got[0]["connectionStatus"].(map[string]any)["status"] != "SUCCEEDED" {
		t.Fatalf("check did not succeed: %s", stdout)
	}
}

func TestWrite(t *testing.T) {
	endpoint := newEndpoint(t)
	stdout := runImage(t, configuration(t, endpoint.URL), input, "write", "--config", "config.json", "--catalog", "catalog.json")
	if states := messages(t, stdout, "STATE"); len(states) != 1 {
		t.Errorf("got %d states, want one: %s", len(states), stdout)
	}
	if diff := cmp.Diff(delivered, endpoint.received()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestPlatformWrapper runs write as the platform does on Kubernetes: a shell evaluates
// AIRBYTE_ENTRYPOINT between named pipes that other containers fill and drain, and leaves the exit
// code in a file that it moves into place.
func TestPlatformWrapper(t *testing.T) {
	image := imageName(t)
	endpoint := newEndpoint(t)
	pipes := connector.Pipes(t)
	const script = `eval "$AIRBYTE_ENTRYPOINT write --config /config/config.json --catalog /config/catalog.json" ` +
		`< /pipes/stdin > /pipes/stdout 2> /pipes/stderr; echo $? > /pipes/exit.part; mv /pipes/exit.part /pipes/exit`
	words := append(slices.Clone(sandbox),
		"--volume="+configuration(t, endpoint.URL)+":/config:ro", "--volume="+pipes+":/pipes", "--workdir=/dest", "--entrypoint=sh", image, "-c", script)

	// Each pipe opens when its other end does, so every end needs a goroutine of its own.
	stdout, stderr, filled := connector.Drain(t, pipes, "stdout"), connector.Drain(t, pipes, "stderr"), connector.Fill(pipes, input)
	_, problems, exit := podman(t, nil, words...)
	hangUp(pipes)
	if err := <-filled; err != nil {
		t.Errorf("filling stdin: %v", err)
	}
	if exit != 0 {
		t.Fatalf("podman: exit %d: %s", exit, problems)
	}
	code, err := os.ReadFile(filepath.Join(pipes, "exit"))
	if err != nil || strings.TrimSpace(string(code)) != "0" {
		t.Errorf("write left exit code %q (%v), want 0", code, err)
	}
	if text := <-stderr; text != "" {
		t.Errorf("stderr, which the platform logs as errors: %s", text)
	}
	if text := <-stdout; len(messages(t, text, "STATE")) != 1 {
		t.Errorf("no state came back: %s", text)
	}
	if diff := cmp.Diff(delivered, endpoint.received()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// hangUp frees whoever still waits for the other end of a pipe, because the container ended before
// it opened it.
func hangUp(folder string) {
	for name, end := range map[string]int{"stdin": os.O_RDONLY, "stdout": os.O_WRONLY, "stderr": os.O_WRONLY} {
		if pipe, err := os.OpenFile(filepath.Join(folder, name), end|syscall.O_NONBLOCK, 0); err == nil {
			_ = pipe.Close()
		}
	}
}

// The image alone runs the demo, with nothing to write to but its messages for a person.
func TestDemo(t *testing.T) {
	if stdout := runImage(t, t.TempDir(), "", "demo", "--addr", "127.0.0.1:0"); stdout != "" {
		t.Errorf("stdout: %s", stdout)
	}
}
