package interop

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const catalog = `{"streams":[{"stream":{"name":"users","json_schema":{"type":"object"},"supported_sync_modes":["full_refresh"]},` +
	`"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`

func records(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func record(id int) string {
	return fmt.Sprintf(`{"type":"RECORD","record":{"stream":"users","data":{"id":%d},"emitted_at":1}}`, id)
}

const (
	streamState = `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users","namespace":null},` +
		`"stream_state":{"cursor":12345678901234567890123456789012}},"id":7,"sourceStats":{"recordCount":1.0}}}`
	globalState = `{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"lsn":9007199254740993},"stream_states":[` +
		`{"stream_descriptor":{"name":"unknown"},"stream_state":null}]},"id":8}}`
	// PyAirbyte's model names the field so, as "global" is a word of Python.
	pyAirbyteState = `{"type":"STATE","log":null,"state":{"type":"GLOBAL","stream":null,"global_":{"shared_state":{"lsn":9},"stream_states":[` +
		`{"stream_descriptor":{"name":"users","namespace":null},"stream_state":{"cursor":1}}]},"data":null,"sourceStats":null},"trace":null}`
	legacyState   = `{"type":"STATE","state":{"type":"LEGACY","data":{"cursor":"2026-11-24"}}}`
	typelessState = `{"type":"STATE","state":{"data":{"cursor":"2026-11-25"}}}`
)

// TestModels lets every kind of message be printed, and Airbyte's models read it. They read all at
// once, since they take seconds to load.
func TestModels(t *testing.T) {
	e, folder := newEnvironment(t), t.TempDir()
	receiver := startEndpoint(t, "--reject", "id=2", "--reject-rows")
	write(t, folder, "catalog.json", catalog)
	write(t, folder, "fail.json", fmt.Sprintf(`{"url":%q}`, receiver.url))
	write(t, folder, "keep.json", fmt.Sprintf(`{"url":%q,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q}}`, receiver.url, folder))
	write(t, folder, "closed.json", fmt.Sprintf(`{"url":%q}`, closed))
	write(t, folder, "wrong.json", `{"url":7}`)
	const fail, keep = "write --config fail.json --catalog catalog.json", "write --config keep.json --catalog catalog.json"
	tests := []struct {
		name, args, stdin string
		exit              int
		want              []string // all but LOG
	}{
		{"spec", "spec", "", 0, []string{"SPEC"}},
		{"a check that passes", "check --config keep.json", "", 0, []string{"CONNECTION_STATUS"}},
		{"a check that fails", "check --config closed.json", "", 0, []string{"CONNECTION_STATUS"}},
		{"a config that is wrong", "check --config wrong.json", "", 0, []string{"CONNECTION_STATUS"}},
		{"no config", "check --config nowhere.json", "", 0, []string{"CONNECTION_STATUS"}},
		{"states", fail, records(record(1), streamState, record(3), streamState), 0, []string{"STATE", "STATE"}},
		{"global states", fail, records(record(1), globalState), 0, []string{"STATE"}},
		{"global states of PyAirbyte", fail, records(record(1), pyAirbyteState), 0, []string{"STATE"}},
		{"legacy states", fail, records(legacyState, record(1), typelessState), 0, []string{"STATE", "STATE"}},
		{"a dead letter", keep, records(record(1), record(2), streamState), 0, []string{"STATE"}},
		{"a row refused", fail, records(record(2), streamState), 1, []string{"TRACE"}},
		{"a broken line", fail, "{\n", 1, []string{"TRACE"}},
		{"an unknown stream", fail, records(strings.Replace(record(1), "users", "others", 1)), 1, []string{"TRACE"}},
		{"no catalog", "write --config fail.json --catalog nowhere.json", "", 1, []string{"TRACE"}},
	}
	var outputs [][]byte
	for _, test := range tests {
		outputs = append(outputs, runProgram(t, folder, test.stdin, test.exit, strings.Fields(test.args)...))
	}
	types := e.parse(t, bytes.Join(outputs, nil))
	for i, test := range tests {
		count := bytes.Count(outputs[i], []byte("\n"))
		got := slices.DeleteFunc(slices.Clone(types[:count]), func(name string) bool { return name == "LOG" })
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", test.name, diff, outputs[i])
		}
		types = types[count:]
	}
}

// TestRefusal shows that what Airbyte's models refuse does not pass for read.
func TestRefusal(t *testing.T) {
	e := newEnvironment(t)
	messages := []string{
		`{"type":"LOG","log":{"level":"WARNING","message":"x"}}`,
		`{"type":"NEWS"}`,
		`starting`,
		`{"type":"CONNECTION_STATUS","connectionStatus":{"message":"x"}}`,
	}
	answers := e.parse(t, []byte(strings.Join(messages, "\n")))
	if len(answers) != len(messages) {
		t.Fatalf("%d answers to %d messages: %q", len(answers), len(messages), answers)
	}
	for i, answer := range answers {
		if !strings.HasPrefix(answer, "refused: ") {
			t.Errorf("%s is read as %s", messages[i], answer)
		}
	}
}

// runProgram runs the program in a folder, holds it to its exit code and returns its standard
// output.
func runProgram(t *testing.T, folder, stdin string, exit int, args ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir, command.Stdin = folder, strings.NewReader(stdin)
	output, err := command.Output()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if code := command.ProcessState.ExitCode(); code != exit {
		t.Errorf("%v: exit code %d, want %d\n%s", args, code, exit, output)
	}
	return output
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
