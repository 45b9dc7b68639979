package acceptance

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// session is a command with which a script talks while it runs.
type session struct {
	command *exec.Cmd
	stdin   io.WriteCloser
	pipe    io.ReadCloser
	stdout  *bufio.Reader
	seen    bytes.Buffer // of stdout
	stderr  bytes.Buffer
	report  string // the file in which it leaves a report; "": none
}

// passed are the variables of a script that a session's command sees.
var passed = []string{"PATH", "HOME", "WORK", "TMPDIR", "LOG_LEVEL"}

func begin(ts *testscript.TestScript, _ bool, args []string) {
	path := args[0]
	if path == program {
		path = binary
	}
	args, report := reported(ts, args)
	s := &session{command: exec.Command(path, args[1:]...), report: report} //nolint:gosec // what the script says
	s.command.Dir = ts.MkAbs(".")
	for _, name := range passed {
		s.command.Env = append(s.command.Env, name+"="+ts.Getenv(name))
	}
	s.command.Stderr = &s.stderr
	var err error
	s.stdin, err = s.command.StdinPipe()
	ts.Check(err)
	s.pipe, err = s.command.StdoutPipe()
	ts.Check(err)
	s.stdout = bufio.NewReader(s.pipe)
	ts.Check(s.command.Start())
	late := time.AfterFunc(patience, func() { _ = s.command.Process.Kill() })
	ts.Defer(func() {
		late.Stop()
		_ = s.command.Process.Kill()
	})
	stageOf(ts).session = s
}

func feed(ts *testscript.TestScript, _ bool, args []string) {
	_, err := io.WriteString(stageOf(ts).session.stdin, ts.ReadFile(args[0]))
	ts.Check(err)
}

// endInput closes stdin and leaves the command to its work.
func endInput(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(stageOf(ts).session.stdin.Close())
}

func await(ts *testscript.TestScript, _ bool, args []string) {
	s, want := stageOf(ts).session, regexp.MustCompile(args[0])
	for {
		line, err := s.stdout.ReadBytes('\n')
		s.seen.Write(line)
		if want.Match(line) {
			return
		}
		if err != nil {
			ts.Fatalf("stdout ended without a match of %s: %v\n%s%s", want, err, s.seen.String(), s.stderr.String())
		}
	}
}

func hangup(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(stageOf(ts).session.pipe.Close())
}

// signals are the ones that scripts send.
var signals = map[string]os.Signal{"SIGKILL": os.Kill, "SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt}

// end ends a session and leaves its output as the standard output and error of the script's last
// command.
func end(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts).session
	if signal := signals[args[0]]; signal != nil {
		ts.Check(s.command.Process.Signal(signal))
	} else {
		ts.Check(s.stdin.Close())
	}
	_, _ = io.Copy(&s.seen, s.stdout) // stdout may be closed on purpose
	_ = s.command.Wait()              // the outcome is looked at below
	want := "exit status 0"
	if len(args) > 1 {
		want = args[1]
	}
	_, _ = ts.Stdout().Write(s.seen.Bytes())
	_, _ = ts.Stderr().Write(s.stderr.Bytes())
	if outcome := s.command.ProcessState.String(); outcome != want {
		ts.Fatalf("the command ended with %q, want %q", outcome, want)
	}
	said, known := outcomes[s.command.ProcessState.ExitCode()]
	if !known {
		said = "interrupted"
	}
	requireReport(ts, s.report, args[0] == "SIGKILL", said)
}
