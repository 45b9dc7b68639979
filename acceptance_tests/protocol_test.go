package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// payloads are the types of messages that a destination may write, with the member that holds what
// they say.
var payloads = map[string]string{"SPEC": "spec", "CONNECTION_STATUS": "connectionStatus", "STATE": "state", "LOG": "log", "TRACE": "trace"}

// allowed are the texts that the platform's parser knows; it drops every other message in silence.
var allowed = map[string][]string{
	"level":        {"FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"},
	"status":       {"SUCCEEDED", "FAILED"},
	"failure_type": {"config_error", "transient_error", "system_error"},
}

// splitProtocol holds the last standard output to the protocol and writes the lines of each type to
// a file of its name.
func splitProtocol(ts *testscript.TestScript, _ bool, _ []string) {
	files := make(map[string]*strings.Builder)
	for name := range payloads {
		files[name] = &strings.Builder{}
	}
	output := ts.ReadFile("stdout")
	if output != "" && !strings.HasSuffix(output, "\n") {
		ts.Fatalf("the last line of stdout is torn")
	}
	for i, line := range strings.Split(strings.TrimSuffix(output, "\n"), "\n") {
		name, err := judge(line)
		if err != nil && output != "" {
			ts.Fatalf("line %d of stdout: %v: %.300s", i+1, err, line)
		}
		if name != "" {
			files[name].WriteString(line + "\n")
		}
	}
	for name, text := range files {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text.String()), 0o600))
	}
}

// judge returns the type of a message.
func judge(line string) (string, error) {
	var message map[string]any
	d := json.NewDecoder(bytes.NewReader([]byte(line)))
	d.UseNumber()
	if err := d.Decode(&message); err != nil {
		return "", fmt.Errorf("no JSON object: %w", err)
	}
	name, _ := message["type"].(string)
	if payloads[name] == "" {
		return "", fmt.Errorf("no message that a destination may write: %s", name)
	}
	payload, ok := message[payloads[name]].(map[string]any)
	if !ok {
		return "", fmt.Errorf("a %s without %s", name, payloads[name])
	}
	if name == "STATE" {
		return name, judgeStats(payload)
	}
	if fault, ok := payload["error"].(map[string]any); ok && name == "TRACE" {
		payload = fault
	}
	for member, texts := range allowed {
		if text, ok := payload[member].(string); ok && !slices.Contains(texts, text) {
			return "", fmt.Errorf("%s: no such %s", text, member)
		}
	}
	return name, nil
}

// judgeStats wants counts with a decimal point: the protocol declares them as doubles.
func judgeStats(state map[string]any) error {
	stats, _ := state["destinationStats"].(map[string]any)
	if stats["recordCount"] == nil {
		return errors.New("a STATE without destinationStats.recordCount")
	}
	additional, _ := stats["additionalStats"].(map[string]any)
	delete(stats, "additionalStats")
	maps.Copy(stats, additional)
	for name, value := range stats {
		if number, ok := value.(json.Number); !ok || !strings.Contains(number.String(), ".") {
			return fmt.Errorf("destinationStats.%s is no number with a decimal point", name)
		}
	}
	return nil
}

// exits runs a command and wants its exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	command, report := reported(ts, args[1:])
	code := exitCode(ts, ts.Exec(command[0], command[1:]...))
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
	requireReport(ts, report, code == 2, outcomes[code])
}

// outcomes are what a report says of a process that ended with a code.
var outcomes = map[int]string{0: "succeeded", 1: "failed"}

func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("%v", err)
	return -1
}

// writeRecords writes records of a stream items whose ids count from 0, and states whose cursor is
// the number of records before them; the last line is a state.
func writeRecords(ts *testscript.TestScript, _ bool, args []string) {
	var numbers [3]int
	for i := range numbers {
		n, err := strconv.Atoi(args[i])
		ts.Check(err)
		numbers[i] = n
	}
	count, size, every := numbers[0], numbers[1], numbers[2]
	var b bytes.Buffer
	pad := strings.Repeat("x", size)
	for i := range count {
		fmt.Fprintf(&b, `{"type":"RECORD","record":{"stream":"items","data":{"id":%d,"pad":"%s"},"emitted_at":1700000000000}}`+"\n", i, pad)
		if n := i + 1; n%every == 0 || n == count {
			fmt.Fprintf(&b, `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"items"},"stream_state":{"n":%d}},"id":%d}}`+"\n", n, n)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), b.Bytes(), 0o600))
}
