package connector

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

func TestMain(m *testing.M) {
	if code, measured := Launch(); measured {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// A command's peak does not begin at the memory of the test that started it.
func TestPeakIsTheCommandsOwn(t *testing.T) {
	held := make([]byte, 256<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	file := filepath.Join(t.TempDir(), "peak")
	command := exec.CommandContext(t.Context(), "true")
	if err := Measured(command, file); err != nil {
		t.Fatal(err)
	}
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	runtime.KeepAlive(held)
	peak, err := Peak(file)
	if err != nil {
		t.Fatal(err)
	}
	if peak < 100<<10 || peak > 96<<20 {
		t.Errorf("the peak of a command that does nothing is %d bytes", peak)
	}
}

func TestLaunchKeepsTheExitCode(t *testing.T) {
	command := exec.CommandContext(t.Context(), "sh", "-c", "exit 7")
	if err := Measured(command, filepath.Join(t.TempDir(), "peak")); err != nil {
		t.Fatal(err)
	}
	if err := command.Run(); command.ProcessState.ExitCode() != 7 {
		t.Errorf("the launched command ended with %v, want exit code 7", err)
	}
}
