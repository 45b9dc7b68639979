package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// demo runs the demo with the program's own spec and returns what it says.
func demo(t *testing.T, args ...string) string {
	t.Helper()
	spec, err := os.ReadFile("../spec.json")
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	outcome := Run(t.Context(), Process{
		Args: append([]string{"demo"}, args...), Spec: spec, Version: "1.2.3",
		Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &said, Getenv: func(string) string { return "" },
	})
	if outcome != (Outcome{}) {
		t.Fatalf("the demo ended with %v:\n%s", outcome, said.String())
	}
	return said.String()
}

func TestDemo(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "missing")
	tests := map[string]struct {
		folder string // for temporary files
		args   []string
		want   []string
	}{
		"as the README has it": {t.TempDir(), []string{"--addr", "127.0.0.1:0"}, []string{
			`/_/\n`, `this receiver was told to fail`, `STATE  shop.customers: 200 more rows`, `The endpoint took 24\d\d rows in \d+ requests, [1-9]\d* of them failed`,
			`customers +[78]\d\d added +[1-9]\d* changed +3\d removed +0 of unknown`, `orders +1500 added +0 changed`,
			`The \d+ states of the sync claim the same`,
		}},
		"no place to write": {nowhere, []string{"--addr", "127.0.0.1:0"}, []string{
			`no temporary folder`, `The endpoint took 2450 rows`, `customers +0 added +0 changed +34 removed +916 of unknown`,
		}},
		"in a container": {t.TempDir(), []string{"--addr", "127.0.0.1:0", "--allow-remote", "--token", "a-token-of-the-test"}, []string{`/_/\?token=a-token-of-the-test\n`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", test.folder)
			said := demo(t, test.args...)
			for _, want := range test.want {
				if !regexp.MustCompile(want).MatchString(said) {
					t.Errorf("nothing like %s in\n%s", want, said)
				}
			}
			if left, err := filepath.Glob(filepath.Join(test.folder, "*")); err != nil || len(left) > 0 {
				t.Errorf("left behind: %q, %v", left, err)
			}
		})
	}
}

// The faults and the rows of receive come from its flags.
func TestReceive(t *testing.T) {
	rows := filepath.Join(t.TempDir(), "rows.ndjson")
	all := receive(t, []int{200, 503}, "--status=503", "--every=2", "--reject=id=2", "--reject-rows", "--rows", rows)
	if len(all) != 2 || !strings.Contains(all[0], "1 rejected") || !strings.Contains(all[1], "fault status") {
		t.Errorf("it printed %q", all)
	}
	text, err := os.ReadFile(rows)
	if err != nil || string(text) != `{"data":{"id":1}}`+"\n" {
		t.Errorf("rows %q, %v", text, err)
	}
}

// The schema of receive is in the file that a flag names.
func TestReceiveWithASchema(t *testing.T) {
	schema := filepath.Join(t.TempDir(), "rows.schema.json")
	if err := os.WriteFile(schema, []byte(`{"properties":{"id":{"maximum":1}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if all := receive(t, []int{200}, "--schema", schema); len(all) != 1 || !strings.Contains(all[0], "1 rejected") {
		t.Errorf("it printed %q", all)
	}
}

// receive posts rows with the ids 1 and 2 to a receiver, once for each status that is expected, and
// returns what it printed of them.
func receive(t *testing.T, statuses []int, flags ...string) []string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	said, stderr := io.Pipe()
	ended := make(chan Outcome)
	go func() {
		ended <- Run(ctx, Process{
			Args:  append([]string{"receive", "--addr=127.0.0.1:0"}, flags...),
			Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: stderr, Getenv: func(string) string { return "" },
		})
	}()
	lines := bufio.NewScanner(said)
	if !lines.Scan() {
		t.Fatal("it says nothing")
	}
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(lines.Text())
	printed := make(chan []string)
	go func() {
		var all []string
		for lines.Scan() {
			all = append(all, lines.Text())
		}
		printed <- all
	}()
	const body = `{"sync_mode":"insert","rows":[{"data":{"id":1}},{"data":{"id":2}}]}`
	for _, want := range statuses {
		answer, err := http.Post(url+"/hook", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("status %d, want %d", answer.StatusCode, want)
		}
	}
	stop()
	if outcome := <-ended; outcome != (Outcome{}) {
		t.Errorf("it ended with %v", outcome)
	}
	_ = stderr.Close()
	return <-printed
}

// Every flag of receive is on its page.
func TestReceiverPageHasEveryFlag(t *testing.T) {
	page, err := os.ReadFile("../docs/receiver.md")
	if err != nil {
		t.Fatal(err)
	}
	_, _, help := run("receive", "--help")
	flags := regexp.MustCompile(`(?m)^ +(?:-h, )?(--[a-z-]+)`).FindAllStringSubmatch(help, -1)
	if len(flags) < 15 {
		t.Fatalf("the help has only %d flags:\n%s", len(flags), help)
	}
	for _, flag := range flags {
		if !strings.Contains(string(page), flag[1]) && flag[1] != "--help" {
			t.Errorf("docs/receiver.md does not have %s", flag[1])
		}
	}
}

// The errors of an address say what to try.
func TestListenErrors(t *testing.T) {
	server := make(chan string, 1)
	ctx, stop := context.WithCancel(t.Context())
	said, stderr := io.Pipe()
	ended := make(chan Outcome)
	go func() {
		ended <- Run(ctx, Process{Args: []string{"receive", "--addr=127.0.0.1:0"}, Stderr: stderr, Stdout: io.Discard, Getenv: func(string) string { return "" }})
	}()
	go func() {
		line, _ := bufio.NewReader(said).ReadString('\n')
		server <- strings.TrimPrefix(regexp.MustCompile(`http://[0-9.:]+`).FindString(line), "http://")
		_, _ = io.Copy(io.Discard, said)
	}()
	taken := <-server
	tests := map[string]struct {
		args []string
		want string
	}{
		"taken, receive": {[]string{"receive", "--addr", taken}, "--addr 127.0.0.1:0"},
		"taken, demo":    {[]string{"demo", "--addr", taken}, "--addr 127.0.0.1:0"},
		"open to others": {[]string{"demo", "--addr", "0.0.0.0:0"}, "--allow-remote"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			outcome, _, stderr := run(test.args...)
			if outcome.Code != 1 || !strings.Contains(stderr, test.want) {
				t.Errorf("outcome %v, stderr %q; want 1 and %s", outcome, stderr, test.want)
			}
		})
	}
	stop()
	<-ended
	_ = stderr.Close()
}
