// Package connector provides the program that the tests run.
//
// It is built from this source, unless ACCEPTANCE_COMMAND names another program, so that the same
// tests can be run against a released build.
package connector

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Build puts the program under test into a folder and returns its path. If ACCEPTANCE_COMMAND is
// set, the program is a script that becomes this command, so that its parent's signals reach it.
func Build(ctx context.Context, folder string) (string, error) {
	path := filepath.Join(folder, "destination-webhook")
	if command := os.Getenv("ACCEPTANCE_COMMAND"); command != "" {
		script := "#!/bin/sh\nexec " + command + " \"$@\"\n"
		return path, os.WriteFile(path, []byte(script), 0o700) //nolint:gosec // it must be executable
	}
	output, err := exec.CommandContext(ctx, "go", "build", "-o", path, "destination-webhook").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, output)
	}
	return path, nil
}

// Run builds the program, stores its path, runs the tests and returns their exit code. It is for
// TestMain.
func Run(tests interface{ Run() int }, path *string) int {
	folder, err := os.MkdirTemp("", "connector")
	if err == nil {
		defer func() { _ = os.RemoveAll(folder) }()
		*path, err = Build(context.Background(), folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return tests.Run()
}

// Start runs a command until the test ends, and returns what it prints to both of its outputs.
// Somebody has to go on reading: the command blocks on a full pipe.
func Start(t testing.TB, command *exec.Cmd) io.Reader {
	t.Helper()
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return output
}
