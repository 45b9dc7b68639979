package leaks

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/acceptance_tests/connector"
)

// program is the path of the build under test.
var program string

func TestMain(m *testing.M) { os.Exit(connector.Run(m, &program)) }

const catalog = `{"streams":[{"stream":{"name":"users","json_schema":{},"source_defined_primary_key":[["id"]]},` +
	`"sync_mode":"full_refresh","destination_sync_mode":"append_dedup","primary_key":[["id"]]}]}`

var input = strings.Repeat(`{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":1}}
{"type":"RECORD","record":{"stream":"users","data":{"id":2},"emitted_at":1}}
{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"},"stream_state":{}}}}
`, 3)

// output is everything a run shows to a person: both streams, its report, and what it stored of
// rejected rows.
func output(t *testing.T, command string, config map[string]any, environment ...string) string {
	t.Helper()
	dir := t.TempDir()
	letters := filepath.Join(dir, "letters")
	if place, ok := config["dead_letter"].(map[string]any); ok && place["type"] == "local" {
		place["path"] = letters
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"config.json": string(text), "catalog.json": catalog} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{command, "--config", "config.json"}
	if command != "check" {
		args = append(args, "--catalog", "catalog.json")
	}
	if command == "write" {
		args = append(args, "--report", "report.json")
	}
	run := exec.CommandContext(t.Context(), program, args...)
	run.Dir, run.Stdin = dir, strings.NewReader(input)
	run.Env = append([]string{"LOG_LEVEL=TRACE", "PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir}, environment...)
	var shown bytes.Buffer
	run.Stdout, run.Stderr = &shown, &shown
	_ = run.Run() // most of them fail, as they should
	stored, err := filepath.Glob(filepath.Join(letters, "*"))
	if err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(dir, "report.json")
	if _, err := os.Stat(report); err == nil {
		stored = append(stored, report)
	} else if command == "write" {
		t.Errorf("there is no report: %v", err)
	}
	for _, file := range stored {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(content)
	}
	return shown.String()
}
