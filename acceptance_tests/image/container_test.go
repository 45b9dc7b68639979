package image

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// run names limits and log driver because a container inside a container may not have podman's
// defaults.
var run = []string{"run", "--pull=never", "--ulimit=nofile=16384:16384", "--ulimit=nproc=8192:8192", "--log-driver=none"}

// sandbox is how the platform runs a connector, and stricter. The host's network is there for the
// endpoint on loopback.
var sandbox = append(slices.Clone(run), "--rm", "--interactive", "--network=host",
	"--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges")

func imageName(t *testing.T) string {
	t.Helper()
	name := os.Getenv("IMAGE")
	if name == "" {
		t.Skip("IMAGE names no image to test")
	}
	return name
}

// podman runs one podman command; CONTAINER_RUNTIME is the OCI runtime to use (podman's own choice
// when empty).
func podman(t *testing.T, stdin io.Reader, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	if runtime := os.Getenv("CONTAINER_RUNTIME"); runtime != "" {
		args = append([]string{"--runtime=" + runtime}, args...)
	}
	var out, problems bytes.Buffer
	command := exec.CommandContext(t.Context(), cmp.Or(os.Getenv("CONTAINER"), "podman"), args...)
	command.Stdin, command.Stdout, command.Stderr = stdin, &out, &problems
	err := command.Run()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatalf("running podman: %v", err)
	}
	return out.String(), problems.String(), command.ProcessState.ExitCode()
}

// runImage runs the image in the sandbox with the folder mounted, and fails the test unless it
// exits with 0.
func runImage(t *testing.T, folder, stdin string, args ...string) string {
	t.Helper()
	words := append(slices.Clone(sandbox), "--volume="+folder+":/config:ro", "--workdir=/config", imageName(t))
	stdout, stderr, exit := podman(t, strings.NewReader(stdin), append(words, args...)...)
	if exit != 0 {
		t.Fatalf("%v: exit %d\nstdout: %s\nstderr: %s", args, exit, stdout, stderr)
	}
	return stdout
}

// shell runs a script with the image's own shell in the sandbox.
func shell(t *testing.T, script string, flags ...string) (stdout, stderr string, exit int) {
	t.Helper()
	words := append(slices.Clone(sandbox), flags...)
	return podman(t, nil, append(words, "--entrypoint=sh", imageName(t), "-c", script)...)
}

// endpoint takes every delivery and keeps its rows.
type endpoint struct {
	*httptest.Server
	mu   sync.Mutex
	rows []string
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var envelope struct {
		Rows []struct{ Data json.RawMessage }
	}
	if err := json.NewDecoder(r.Body).Decode(&envelope); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, row := range envelope.Rows {
		e.rows = append(e.rows, string(row.Data))
	}
}

func (e *endpoint) received() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.rows...)
}

// configuration writes config.json and catalog.json for a stream named users into a folder that uid
// 1000 can read.
func configuration(t *testing.T, url string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"config.json": `{"url":"` + url + `/hook"}`,
		"catalog.json": `{"streams":[{"stream":{"name":"users","json_schema":{"type":"object"},"supported_sync_modes":["full_refresh"]},` +
			`"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// messages returns the parsed lines of one type; whatever does not parse fails the test, since
// stdout carries the protocol alone.
func messages(t *testing.T, stdout, kind string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(stdout) {
		var message map[string]any
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			t.Fatalf("stdout has a line that is no message: %q", line)
		}
		if message["type"] == kind {
			found = append(found, message)
		}
	}
	return found
}
