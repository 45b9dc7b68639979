package connector

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// BuildEndpoint builds the Go program in a folder and returns the command that runs it.
func BuildEndpoint(t *testing.T, folder string) *exec.Cmd {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "endpoint")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, folder).CombinedOutput(); err != nil { //nolint:gosec // the test's own
		t.Fatalf("building: %v\n%s", err, output)
	}
	return exec.Command(binary) //nolint:gosec // the test's own
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// StartEndpoint runs an endpoint with a key to verify signatures with until the test ends, and
// returns the address that it prints.
func StartEndpoint(t *testing.T, command *exec.Cmd, key string) string {
	t.Helper()
	command.Env = append(os.Environ(), "WEBHOOK_SECRET="+key, "PORT=0", "HOST=127.0.0.1")
	return Listen(t, command)
}

// Listen runs a command that listens on this machine until the test ends, and returns the first
// address that it prints.
func Listen(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	output := Start(t, command)
	var said strings.Builder
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if found := address.FindString(lines.Text()); found != "" {
			go func() { _, _ = io.Copy(io.Discard, output) }() // or the endpoint blocks on a full pipe
			return found
		}
	}
	t.Fatalf("the endpoint prints no address:\n%s", said.String())
	return ""
}
