package connector

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Pipes returns a folder with the named pipes stdin, stdout and stderr, which every user may open.
// The platform connects containers by such pipes. Each opens when its other end does.
func Pipes(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o777); err != nil { //nolint:gosec // a container has a user of its own
		t.Fatal(err)
	}
	for _, name := range []string{"stdin", "stdout", "stderr"} {
		path := filepath.Join(folder, name)
		if err := syscall.Mkfifo(path, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o666); err != nil { //nolint:gosec // the umask took part of it
			t.Fatal(err)
		}
	}
	return folder
}

// Fill writes text into the stdin pipe as soon as it has a reader, and closes it. A reader that
// leaves before the end is not an error: a sync that failed reads no further.
func Fill(folder, text string) <-chan error {
	filled := make(chan error, 1)
	go func() {
		err := os.WriteFile(filepath.Join(folder, "stdin"), []byte(text), 0)
		if errors.Is(err, syscall.EPIPE) {
			err = nil
		}
		filled <- err
	}()
	return filled
}

// Drain reads a pipe to its end.
func Drain(t *testing.T, folder, name string) <-chan string {
	t.Helper()
	text := make(chan string, 1)
	go func() {
		raw, err := os.ReadFile(filepath.Join(folder, name)) //nolint:gosec // the test's own
		if err != nil {
			t.Errorf("draining %s: %v", name, err)
		}
		text <- string(raw)
	}()
	return text
}
