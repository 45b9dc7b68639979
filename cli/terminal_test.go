package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"destination-webhook/receiver"
	"destination-webhook/sample"
)

// terminalTest runs commands at a pseudo-terminal.
type terminalTest struct {
	t        *testing.T
	dir      string
	tty      *os.File // the program's end
	keyboard *os.File
	closed   chan struct{}
	received bytes.Buffer
}

func newTerminal(t *testing.T) *terminalTest {
	t.Helper()
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(ptmx, &pty.Winsize{Rows: 50, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	term := &terminalTest{t: t, dir: t.TempDir(), tty: tty, keyboard: ptmx, closed: make(chan struct{})}
	go func() {
		defer close(term.closed)
		// EIO is the end of a terminal on Linux.
		if _, err := io.Copy(&term.received, ptmx); err != nil && !errors.Is(err, syscall.EIO) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { _ = ptmx.Close() })
	return term
}

// file writes a file of the test and returns its path.
func (term *terminalTest) file(name string, text []byte) string {
	path := filepath.Join(term.dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		term.t.Fatal(err)
	}
	return path
}

// process is one that runs the command at the terminal, with the sample as its input.
func (term *terminalTest) process(args ...string) Process {
	spec, err := os.ReadFile("../spec.json")
	if err != nil {
		term.t.Fatal(err)
	}
	return Process{
		Args: args, Spec: spec, Version: "1.2.3", Stdin: bytes.NewReader(sample.Records),
		Stdout: term.tty, Stderr: term.tty, Getenv: func(string) string { return "" },
	}
}

// screen closes the terminal and returns what it received and the lines that it shows at the end.
func (term *terminalTest) screen() (received string, lines []string) {
	if err := term.tty.Close(); err != nil {
		term.t.Fatal(err)
	}
	<-term.closed
	received = term.received.String()
	line := ""
	for rest := received; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "\r\n"):
			lines, line, rest = append(lines, line), "", rest[2:]
		case strings.HasPrefix(rest, "\r\x1b[K"):
			line, rest = "", rest[4:]
		default:
			line, rest = line+rest[:1], rest[1:]
		}
	}
	return received, append(lines, line)
}

// sampleConfig is the sample's, for a receiver that fails as told.
func (term *terminalTest) sampleConfig(faults string) string {
	f, err := receiver.ParseFaults(faults)
	if err != nil {
		term.t.Fatal(err)
	}
	server, err := receiver.Listen(term.t.Context(), "127.0.0.1:0", receiver.Options{Faults: f, SigningSecrets: []string{sample.SigningSecret}})
	if err != nil {
		term.t.Fatal(err)
	}
	term.t.Cleanup(func() { _ = server.Close() })
	config, err := demoConfig(server.URL(), "")
	if err != nil {
		term.t.Fatal(err)
	}
	return term.file("config.json", config)
}

func (term *terminalTest) write(config string, more ...string) Process {
	return term.process(append([]string{"write", "--config", config, "--catalog", term.file("catalog.json", sample.Catalog)}, more...)...)
}

// At a terminal messages are lines of text, and the progress never shares a line with them.
func TestWriteAtATerminal(t *testing.T) {
	term := newTerminal(t)
	if outcome := Run(t.Context(), term.write(term.sampleConfig("status=503 every=4 latency=50ms"))); outcome.Code != 0 {
		t.Errorf("outcome %v", outcome)
	}
	received, lines := term.screen()
	for _, want := range []string{"INFO ", "\x1b[2mSTATE\x1b[0m  shop.customers: 200 more rows are confirmed", "\x1b[33mWARN \x1b[0m  ", "rows delivered", " in flight, ", "STREAM          MODE    DELIVERED"} {
		if !strings.Contains(received, want) {
			t.Errorf("no %q in\n%s", want, received)
		}
	}
	for _, line := range lines {
		if strings.Contains(line, "rows delivered,") || strings.Contains(line, "{\"type\"") {
			t.Errorf("the screen keeps %q", line)
		}
	}
	if last := lines[len(lines)-1]; last != "" {
		t.Errorf("the last line is %q, want none", last)
	}
}

// The output in a file is the protocol's, whatever the terminal at stderr shows beside it.
func TestWriteIntoAFileFromATerminal(t *testing.T) {
	term := newTerminal(t)
	var out bytes.Buffer
	p := term.write(term.sampleConfig("status=401"))
	p.Stdout = &out
	if outcome := Run(t.Context(), p); outcome.Code != 1 {
		t.Errorf("outcome %v", outcome)
	}
	_, lines := term.screen()
	shown := strings.Join(lines, "\n")
	for _, want := range []string{"ERROR", "Authentication failed (401)", "\n  Next: correct what the message names"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
	if strings.Contains(shown, "INFO") || strings.Contains(shown, "STATE") {
		t.Errorf("the terminal shows more than needs attention:\n%s", shown)
	}
	if strings.Count(out.String(), "Authentication failed") != 1 {
		t.Errorf("the failure is told more than once, or not at all:\n%s", out.String())
	}
	for _, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
		if !strings.HasPrefix(line, `{"type":"`) {
			t.Errorf("stdout has the line %q", line)
		}
	}
}

func TestOutputFormats(t *testing.T) {
	for format, want := range map[string]string{"json": `{"type":"CONNECTION_STATUS"`, "text": "FAILED\x1b[0m  the config", "auto": "FAILED\x1b[0m  the config"} {
		term := newTerminal(t)
		outcome := Run(t.Context(), term.process("check", "--config", "missing.json", "--output", format))
		_, lines := term.screen()
		shown := strings.Join(lines, "\n")
		if outcome.Code != 0 || !strings.Contains(shown, want) || !strings.Contains(shown, "The exit code is 0 anyway") {
			t.Errorf("%s: outcome %v, shown\n%s", format, outcome, shown)
		}
	}
	_, stdout, stderr := run("check", "--config", "missing.json", "--output", "text")
	if !strings.Contains(stdout, "FAILED  the config cannot be read") || stderr != "" {
		t.Errorf("text in a pipe: %q, %q", stdout, stderr)
	}
}

func TestCheckExitCode(t *testing.T) {
	term := newTerminal(t)
	config := term.sampleConfig("")
	if outcome := Run(t.Context(), term.process("check", "--config", config, "--exit-code")); outcome.Code != 0 {
		t.Errorf("after SUCCEEDED: outcome %v", outcome)
	}
	outcome := Run(t.Context(), term.process("check", "--config", "missing.json", "--exit-code"))
	if _, lines := term.screen(); outcome.Code != 1 || strings.Contains(strings.Join(lines, "\n"), "anyway") {
		t.Errorf("after FAILED: outcome %v, shown %q", outcome, lines)
	}
}

// A person who forgot the input is told what the program waits for.
func TestHintAtStdin(t *testing.T) {
	term := newTerminal(t)
	p := term.write(term.sampleConfig(""))
	p.Stdin = term.tty
	if _, err := term.keyboard.WriteString("\x04"); err != nil {
		t.Fatal(err)
	}
	if outcome := Run(t.Context(), p); outcome.Code != 0 {
		t.Errorf("outcome %v", outcome)
	}
	if _, lines := term.screen(); !strings.Contains(strings.Join(lines, "\n"), "reading Airbyte records from stdin; end with ^D") {
		t.Errorf("shown %q", lines)
	}
}
