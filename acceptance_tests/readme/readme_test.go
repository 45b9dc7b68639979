// Package readme types the commands of the documentation.
package readme

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"destination-webhook/acceptance_tests/connector"
)

// binary is the path of the program under test.
var binary string

func TestMain(m *testing.M) { os.Exit(connector.Run(m, &binary)) }

// elsewhere are the beginnings of commands of the README that another test or step types.
var elsewhere = map[string]string{
	"go run . demo":   "cli.TestDemo",
	"go test ./...":   "the step tests of .ci/run",
	"go build -o bin": "connector.Build",
	"docker ":         "the step image of .ci/run",
}

// Each command of the README works, one after the other, with the files that it names.
func TestREADME(t *testing.T) {
	folder, address := workplace(t), freeAddress(t)
	replaceAddress(t, filepath.Join(folder, "sample/config.json"), address)
	typed := 0
commands:
	for _, command := range commands(t, "../../README.md") {
		for beginning := range elsewhere {
			if strings.HasPrefix(command, beginning) {
				continue commands
			}
		}
		typed++
		if strings.Contains(command, " receive ") {
			startReceiver(t, folder, command+" --addr "+address)
			continue
		}
		if output, err := shell(t, folder, command).CombinedOutput(); err != nil {
			t.Errorf("%s\n%v\n%s", command, err, output)
		}
	}
	if typed < 4 {
		t.Errorf("only %d commands of the README were typed", typed)
	}
}

var invocation = regexp.MustCompile(`destination-webhook ([a-z-]+(?: [a-z]+)?)([^|<]*)`)

var flag = regexp.MustCompile(`--[a-z-]+`)

// Each command of the program that a page shows exists, with its flags.
func TestPagesShowRealCommands(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, "../../README.md", "../../examples/README.md", "../../CONTRIBUTING.md") {
		for _, command := range commands(t, page) {
			match := invocation.FindStringSubmatch(command)
			if match == nil || strings.HasPrefix(command, "docker build") {
				continue
			}
			found++
			requireFlags(t, page, match[1], flag.FindAllString(match[2], -1))
		}
	}
	if found < 8 {
		t.Errorf("only %d commands were found", found)
	}
}

func requireFlags(t *testing.T, page, command string, flags []string) {
	t.Helper()
	help, err := exec.CommandContext(t.Context(), binary, append(strings.Fields(command), "--help")...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: the command %s: %v", page, command, err)
	}
	for _, flag := range flags {
		if !bytes.Contains(help, []byte(flag)) {
			t.Errorf("%s: %s has no %s", page, command, flag)
		}
	}
}

var (
	block        = regexp.MustCompile("(?s)```sh\n(.*?)```")
	comment      = regexp.MustCompile(`(?m)\s{2,}#.*$`)
	continuation = regexp.MustCompile(`(\\|\|)\n\s*`)
)

// commands returns the commands of a page's shell blocks.
func commands(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, match := range block.FindAllStringSubmatch(string(text), -1) {
		lines := continuation.ReplaceAllStringFunc(comment.ReplaceAllString(match[1], ""), func(end string) string {
			return strings.TrimRight(strings.TrimPrefix(end, "\\"), "\n\t ") + " "
		})
		all = append(all, strings.Split(strings.TrimSpace(lines), "\n")...)
	}
	return all
}

// workplace returns a folder that has what the commands name.
func workplace(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "sample"), os.DirFS("../../sample")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(folder, "bin/destination-webhook")); err != nil {
		t.Fatal(err)
	}
	return folder
}

func shell(t *testing.T, folder, line string) *exec.Cmd {
	command := exec.CommandContext(t.Context(), "sh", "-c", line)
	command.Dir = folder
	return command
}

// startReceiver runs the README's endpoint until the test ends, and returns when it listens.
func startReceiver(t *testing.T, folder, line string) {
	t.Helper()
	lines := bufio.NewReader(connector.Start(t, shell(t, folder, "exec "+line)))
	if said, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(said, "receiving at ") {
		t.Fatalf("the receiver says %q, %v", said, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // or the receiver blocks on a full pipe
}

// replaceAddress lets the sample send to an address that no other process of this machine has.
func replaceAddress(t *testing.T, path, address string) {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("127.0.0.1:8080"), []byte(address))
	if err := os.WriteFile(path, text, 0o600); err != nil { //nolint:gosec // the test's own
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
