package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/sample"
)

// The README's Python runs as it is, with this test's program, receiver and source.
func TestREADMEPython(t *testing.T) {
	e, receiver := newEnvironment(t), startEndpoint(t, "--signing-secret", sample.SigningSecret)
	faker, err := filepath.Abs(".venv-faker/bin/source-faker")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(faker); err != nil {
		t.Skip("source-faker is not installed: run interop/install")
	}
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```python\n")
	script, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the README has no Python")
	}
	for shown, used := range map[string]string{
		"bin/destination-webhook":    program,
		"http://127.0.0.1:8080/hook": receiver.url,
		// Without the name of a program PyAirbyte would install the source from the package index.
		`"source-faker",`: fmt.Sprintf("%q, local_executable=%q,", "source-faker", faker),
	} {
		if !strings.Contains(script, shown) {
			t.Errorf("the README's Python has no %s", shown)
		}
		script = strings.Replace(script, shown, used, 1)
	}
	e.run(t, nil, "python", "-c", script)
	if rows := receiver.received(t); rows["users"] != 1000 {
		t.Errorf("the endpoint took %v, want 1000 users", rows)
	}
}
