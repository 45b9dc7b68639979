package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/acceptance_tests/connector"

	"github.com/google/go-cmp/cmp"
)

// wrapper is the shell around a connector on the platform: it waits for the named pipes' other
// ends, evaluates the entrypoint, and leaves the exit code in a file that it moves into place.
const wrapper = `eval "$AIRBYTE_ENTRYPOINT write --config config.json --catalog catalog.json" < stdin > stdout 2> stderr
echo $? > exit.part; mv exit.part exit`

func TestPlatformWrapper(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, stdin, exit string
		states            int
		rows              map[string]int
	}{
		{"a sync", records(record(1), streamState, record(3), streamState), "0", 2, map[string]int{"users": 2}},
		{"no records", records(streamState), "0", 1, map[string]int{}},
		{"a row refused", records(record(2), streamState), "1", 0, map[string]int{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			receiver := startEndpoint(t, "--reject", "id=2")
			folder := connector.Pipes(t)
			write(t, folder, "catalog.json", catalog)
			write(t, folder, "config.json", fmt.Sprintf(`{"url":%q}`, receiver.url))
			stdout, stderr := runWrapper(t, folder, test.stdin)
			if stderr != "" {
				t.Errorf("stderr, which the platform logs as errors: %s", stderr)
			}
			if states := strings.Count(stdout, `{"type":"STATE"`); states != test.states {
				t.Errorf("%d states came back, want %d:\n%s", states, test.states, stdout)
			}
			code, err := os.ReadFile(filepath.Join(folder, "exit"))
			if err != nil || strings.TrimSpace(string(code)) != test.exit {
				t.Errorf("exit code %q (%v), want %s\n%s", code, err, test.exit, stdout)
			}
			if diff := cmp.Diff(test.rows, receiver.received(t)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// runWrapper is the platform's side: each end of a pipe opens when its other end does, so each has
// a goroutine.
func runWrapper(t *testing.T, folder, stdin string) (stdout, stderr string) {
	t.Helper()
	filled := connector.Fill(folder, stdin)
	out, problems := connector.Drain(t, folder, "stdout"), connector.Drain(t, folder, "stderr")
	command := exec.CommandContext(t.Context(), "sh", "-c", wrapper)
	command.Dir = folder
	command.Env = append(os.Environ(), "AIRBYTE_ENTRYPOINT="+program)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("the wrapper: %v\n%s", err, output)
	}
	if err := <-filled; err != nil {
		t.Errorf("filling stdin: %v", err)
	}
	return <-out, <-problems
}
