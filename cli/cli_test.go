package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// run runs a command line on no input.
func run(args ...string) (outcome Outcome, stdout, stderr string) {
	var out, problems bytes.Buffer
	outcome = Run(context.Background(), Process{
		Args: args, Spec: []byte(`{"connectionSpecification": {"type": "object"}}`), Version: "1.2.3",
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &problems, Getenv: func(string) string { return "" },
	})
	return outcome, out.String(), problems.String()
}

// A usage error is one line on stderr, and stdout stays free of what is no message.
func TestUsageErrors(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"no command":       {nil, "no command given"},
		"unknown command":  {[]string{"xyzzy"}, `unknown command "xyzzy" for "destination-webhook"; see destination-webhook --help`},
		"command":          {[]string{"wirte"}, "did you mean write?"},
		"a flag alone":     {[]string{"-config", "c.json"}, "did you mean check --config or preview --config or schema --config or write --config?"},
		"one letter":       {[]string{"chek"}, "did you mean check?"},
		"one dash":         {[]string{"check", "-config", "c.json"}, "did you mean --config?"},
		"one dash, a sign": {[]string{"check", "-config=c.json"}, "did you mean --config?"},
		"a flag's letters": {[]string{"check", "--confg", "c.json"}, "did you mean --config?"},
		"no flag":          {[]string{"check", "c.json"}, "did you mean --config c.json?; see destination-webhook check --help"},
		"no second flag":   {[]string{"write", "--config", "c.json", "d.json"}, "did you mean --catalog d.json?"},
		"a port":           {[]string{"receive", "--addr", "8080"}, "did you mean 127.0.0.1:8080?"},
		"no output":        {[]string{"check", "--config", "c", "--output", "yaml"}, "expected auto, text or json"},
		"no shell":         {[]string{"completion", "csh"}, "One of bash, zsh, fish"},
		"no config":        {[]string{"check"}, `"config"`},
		"no catalog":       {[]string{"write", "--config", "c.json"}, `"catalog"`},
		"neither":          {[]string{"write"}, `"catalog", "config"`},
		"no value":         {[]string{"check", "--config"}, "--config"},
		"unknown flag":     {[]string{"write", "--config", "c", "--catalog", "d", "--state", "s"}, "--state"},
		"flag of others":   {[]string{"spec", "--config", "c"}, "--config"},
		"argument":         {[]string{"spec", "now"}, `"now"`},
		"many lines":       {[]string{"a\nb"}, `a\nb`},
		"value of a fault": {[]string{"receive", "--status", "seven"}, "expected a status"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			outcome, stdout, stderr := run(test.args...)
			if outcome != (Outcome{Code: 2}) || stdout != "" {
				t.Errorf("outcome %v, stdout %q; want exit code 2 and nothing", outcome, stdout)
			}
			if !strings.HasPrefix(stderr, "destination-webhook: ") || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") {
				t.Errorf("stderr %q, want one line with %s", stderr, test.want)
			}
		})
	}
}

func TestComplaintsAreVisible(t *testing.T) {
	for _, args := range [][]string{{"schema", "--catalog", "no\x1b[2Jsuch"}, {"preview", "--config", "no\x1b[2Jsuch", "--catalog", "c"}, {"receive", "--no\x1b[2Jsuch"}} {
		_, stdout, stderr := run(args...)
		if stdout != "" || strings.Contains(stderr, "\x1b") || !strings.Contains(stderr, `no\x1b[2Jsuch`) {
			t.Errorf("%q: stdout %q, stderr %q", args, stdout, stderr)
		}
	}
}

// A config on the command line itself is not repeated: it has secrets.
func TestConfigAsAnArgumentIsNotShown(t *testing.T) {
	const config = `{"url":"http://127.0.0.1:1","api_key":"hunter2"}`
	for _, args := range [][]string{
		{"check", "--config", config}, {"write", "--config", config, "--catalog", config}, {"write", "--config", "c.json", "--catalog", config},
		{"preview", "--config", config, "--catalog", "c"}, {"schema", "--config", config, "--catalog", "c"}, {"schema", "--catalog", config},
		{"check", config}, {config}, {"check", "--config", "c", config}, {"receive", config}, {"check", "--config", strings.Repeat("hunter2", 100)},
		{"check", "-config=" + config}, {"check", "--" + config}, {"preview", "--json=" + config}, {"check", "--config", "c", strings.Repeat("hunter2", 100)},
	} {
		_, stdout, stderr := run(args...)
		if strings.Contains(stdout+stderr, "hunter2") || stdout+stderr == "" {
			t.Errorf("%.40q shows %q and %q", args, stdout, stderr)
		}
	}
}

func TestHelpIsForPeople(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"write", "--help"}, {"help", "write"}} {
		outcome, stdout, stderr := run(args...)
		if outcome.Code != 0 || stdout != "" || !strings.Contains(stderr, "Usage:") {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q; want help on stderr", args, outcome.Code, stdout, stderr)
		}
	}
}

func TestSpecAndVersion(t *testing.T) {
	for command, want := range map[string]string{
		"spec":      `{"type":"SPEC","spec":{"connectionSpecification":{"type":"object"}}}` + "\n",
		"--version": "1.2.3\n",
		"version":   "1.2.3\n",
	} {
		outcome, stdout, stderr := run(command)
		if diff := cmp.Diff([]string{"{0 <nil>}", want, ""}, []string{fmt.Sprint(outcome), stdout, stderr}); diff != "" {
			t.Errorf("%s: outcome, stdout, stderr (-want +got):\n%s", command, diff)
		}
	}
}

// What goes wrong past the usage is told in the protocol: stderr stays empty.
func TestFailuresSpeakTheProtocol(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.json")
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"check": {[]string{"check", "--config", missing}, 0, `"status":"FAILED"`},
		"write": {[]string{"write", "--config=" + missing, "--catalog=" + missing}, 1, `"failure_type":"config_error"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			outcome, stdout, stderr := run(test.args...)
			if outcome != (Outcome{Code: test.code}) || !strings.Contains(stdout, test.want) || stderr != "" {
				t.Errorf("outcome %v, stdout %q, stderr %q; want exit code %d and %s", outcome, stdout, stderr, test.code, test.want)
			}
		})
	}
}

// A signal is the cause by which the process has to end.
func TestSignalEndsTheContext(t *testing.T) {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	interrupted := (*interruption)(nil)
	if !errors.As(context.Cause(ctx), &interrupted) || interrupted.signal != syscall.SIGTERM {
		t.Errorf("the context ended with %v, want SIGTERM", context.Cause(ctx))
	}
}

// A preview that is told to stop removes its copy of the snapshot, and the process dies of the
// signal.
func TestPreviewDiesOfTheSignal(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(dir, "scratch"))
	spec, err := os.ReadFile("../spec.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"config":  `{"url":"http://127.0.0.1/","snapshot":{"type":"local","path":"` + filepath.Join(dir, "snapshot") + `"}}`,
		"catalog": `{"streams":[{"stream":{"name":"users"},"sync_mode":"full_refresh","destination_sync_mode":"overwrite","primary_key":[["id"]]}]}`,
	} {
		if err := errors.Join(os.MkdirAll(os.TempDir(), 0o700), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	stdin := &deadly{t: t, end: make(chan struct{})}
	defer close(stdin.end)
	outcome := Run(context.Background(), Process{
		Args: []string{"preview", "--config", filepath.Join(dir, "config"), "--catalog", filepath.Join(dir, "catalog")},
		Spec: spec, Stdin: stdin, Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" },
	})
	if outcome.Signal != syscall.SIGTERM {
		t.Errorf("outcome %v, want SIGTERM", outcome)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

// deadly is an input whose reading brings a SIGTERM to this process, and nothing else until its
// end.
type deadly struct {
	t   *testing.T
	end chan struct{}
}

func (d *deadly) Read([]byte) (int, error) {
	if scratch, err := os.ReadDir(os.TempDir()); err != nil || len(scratch) == 0 {
		d.t.Errorf("there is no copy to remove: %v", err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		d.t.Error(err)
	}
	<-d.end
	return 0, io.EOF
}

func TestContextEndsWithoutASignal(t *testing.T) {
	ctx, stop := untilSignal(context.Background())
	stop()
	<-ctx.Done()
	if interrupted := (*interruption)(nil); errors.As(context.Cause(ctx), &interrupted) {
		t.Errorf("the context ended with %v", interrupted)
	}
}

// A terminal is drawn on; a buffer, a pipe or a file is not.
func TestTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if terminal(file) != nil || terminal(&bytes.Buffer{}) != nil {
		t.Error("a file or a buffer is taken for a terminal")
	}
}
