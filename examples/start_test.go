package examples

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"destination-webhook/acceptance_tests/connector"
)

// program is the path of the connector under test.
var program string

func TestMain(m *testing.M) { os.Exit(connector.Run(m, &program)) }

func goEndpoint(t *testing.T) *exec.Cmd { return connector.BuildEndpoint(t, "./go") }

func pythonEndpoint(t *testing.T) *exec.Cmd {
	t.Helper()
	needs(t, "python/.venv/installed.txt")
	command := exec.Command(".venv/bin/python", "endpoint.py")
	command.Dir = "python"
	return command
}

func nodeEndpoint(t *testing.T) *exec.Cmd {
	t.Helper()
	needs(t, "node/node_modules/installed.json")
	command := exec.Command("node", "endpoint.mjs")
	command.Dir = "node"
	return command
}

func needs(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skip("its libraries are not installed: run examples/install")
	}
}

// tables is what an endpoint holds: data by stream and key.
type tables map[string]map[string]map[string]any

func show(t *testing.T, endpoint string) tables {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := new(http.Client).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var held tables
	if err := json.NewDecoder(response.Body).Decode(&held); err != nil {
		t.Fatal(err)
	}
	return held
}

// run runs the program in a folder, holds it to its exit code and returns its standard output.
func run(t *testing.T, folder, stdin string, exit int, args ...string) string {
	t.Helper()
	var output bytes.Buffer
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir, command.Stdin, command.Stdout = folder, strings.NewReader(stdin), &output
	err := command.Run()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if code := command.ProcessState.ExitCode(); code != exit {
		t.Errorf("%v: exit code %d, want %d\n%s", args, code, exit, output.String())
	}
	return output.String()
}
