package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/acceptance_tests/connector"
)

// program is the path of the connector under test.
var program string

func TestMain(m *testing.M) { os.Exit(connector.Run(m, &program)) }

// environment is a folder of its own for a client that runs from the virtual environment .venv.
type environment struct {
	folder string
	venv   string
}

func newEnvironment(t *testing.T) *environment {
	t.Helper()
	venv, err := filepath.Abs(".venv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(venv, "installed.txt")); err != nil {
		t.Skip("PyAirbyte is not installed: run interop/install")
	}
	return &environment{folder: t.TempDir(), venv: venv}
}

// run runs a program of the virtual environment and returns its standard output. It fails the test
// when the program fails, or when a Python process tried to leave this machine.
func (e *environment) run(t *testing.T, stdin []byte, name string, args ...string) string {
	t.Helper()
	breaches := filepath.Join(e.folder, "breaches")
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), filepath.Join(e.venv, "bin", name), args...)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(stdin), &stdout, &stderr
	command.Env = []string{
		"PATH=" + filepath.Join(e.venv, "bin") + ":" + os.Getenv("PATH"),
		"HOME=" + e.folder,
		"TMPDIR=" + e.folder,
		"DO_NOT_TRACK=1",         // no telemetry
		"AIRBYTE_OFFLINE_MODE=1", // no look at the registry of connectors
		"AIRBYTE_LOGGING_ROOT=" + filepath.Join(e.folder, "logs"),
		"NO_COLOR=1",
		"PYTHONDONTWRITEBYTECODE=1", // next to the scripts, in the repository
		"PYTHONPATH=" + filepath.Join(filepath.Dir(e.venv), "loopback"),
		"LOOPBACK_BREACHES=" + breaches,
	}
	if err := command.Run(); err != nil {
		t.Fatalf("running %s: %v\n%s\n%s", name, err, stdout.String(), stderr.String())
	}
	if text, err := os.ReadFile(breaches); err == nil {
		t.Errorf("a client tried to leave this machine:\n%s", text)
	}
	return stdout.String()
}

// recorded returns a program that is the one under test and keeps what it prints. It is replaced by
// that one, so that a signal reaches it and its parent sees how it dies.
func (e *environment) recorded(t *testing.T) string {
	t.Helper()
	path := filepath.Join(e.folder, "destination-webhook")
	script := fmt.Sprintf("#!/usr/bin/env bash\nexec %q \"$@\" > >(tee -a %q)\n", program, e.recording())
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	return path
}

func (e *environment) recording() string { return filepath.Join(e.folder, "messages.jsonl") }

// parse returns for each message the type that Airbyte's models read, or why they refuse it.
func (e *environment) parse(t *testing.T, messages []byte) []string {
	t.Helper()
	return strings.Split(strings.TrimSpace(e.run(t, messages, "python", "models.py")), "\n")
}

// parseRecorded parses what the program printed for a client, which is to have been messages of
// just these types.
func (e *environment) parseRecorded(t *testing.T, want ...string) {
	t.Helper()
	messages, err := os.ReadFile(e.recording())
	if err != nil {
		t.Fatal(err)
	}
	types := e.parse(t, messages)
	slices.Sort(types)
	if diff := cmp.Diff(want, slices.Compact(types)); diff != "" {
		t.Errorf("types of messages (-want +got):\n%s", diff)
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("decoding: %v\n%s", err, text)
	}
}

// endpoint is the program's own receiver in a process of its own.
type endpoint struct {
	url  string
	rows string
}

func startEndpoint(t *testing.T, flags ...string) endpoint {
	t.Helper()
	rows := filepath.Join(t.TempDir(), "rows.ndjson")
	args := append([]string{"receive", "--addr", "127.0.0.1:0", "--rows", rows}, flags...)
	command := exec.Command(program, args...)
	output := connector.Start(t, command)
	lines := bufio.NewReader(output)
	said, err := lines.ReadString('\n')
	url, receiving := strings.CutPrefix(said, "receiving at ")
	if !receiving {
		t.Fatalf("the receiver says %q, %v", said, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // or the receiver blocks on a full pipe
	url, _, _ = strings.Cut(url, ",")
	return endpoint{url: url + "/hook", rows: rows}
}

// received counts the accepted rows by stream.
func (e endpoint) received(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile(e.rows)
	if err != nil {
		t.Fatal(err)
	}
	streams := map[string]int{}
	for line := range bytes.Lines(text) {
		var row struct{ Stream string }
		decode(t, string(line), &row)
		streams[row.Stream]++
	}
	return streams
}
