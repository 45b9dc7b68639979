package connector

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

const peakFile = "MEASURE_PEAK_INTO"

// Measured makes a command report its peak of resident memory: it runs below a new process of this
// test's program, which must call [Launch] first in its TestMain. The kernel lets the peak of a
// process begin at the memory of the one that started it, which in a test may be more than the peak
// to be measured; the new process is small.
func Measured(command *exec.Cmd, file string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command.Args = append([]string{self, command.Path}, command.Args[1:]...)
	command.Path = self
	command.Env = append(command.Environ(), peakFile+"="+file)
	return nil
}

// Peak returns the bytes that a measured command reported into a file.
func Peak(file string) (int, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the test's own
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

// Launch runs the command in the arguments of this process, if [Measured] started it, and returns
// its exit code. Otherwise measured is false, and the tests are to be run.
func Launch() (code int, measured bool) {
	file := os.Getenv(peakFile)
	if file == "" {
		return 0, false
	}
	_ = os.Unsetenv(peakFile)
	command := exec.Command(os.Args[1], os.Args[2:]...) //nolint:gosec // it is what Measured was given
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Run(); command.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	if err := os.WriteFile(file, []byte(strconv.Itoa(int(usage.Maxrss)*1024)), 0o600); err != nil { //nolint:gosec // the test's own
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return command.ProcessState.ExitCode(), true
}
