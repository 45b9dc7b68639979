package image

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"destination-webhook/sample"
)

var dockerRun = regexp.MustCompile(`(?s)docker run (--rm -i [^` + "`" + `]*) < sample/records\.jsonl`)

// The command of the README delivers the sample.
func TestREADME(t *testing.T) {
	image := imageName(t)
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	command := dockerRun.FindSubmatch(page)
	if command == nil {
		t.Fatal("the README runs no image")
	}
	endpoint := newEndpoint(t)
	folder := sampleFolder(t, strings.TrimPrefix(endpoint.URL, "http://"))
	words := slices.Clone(run)
	for _, word := range strings.Fields(string(command[1])) {
		switch word = strings.Trim(word, `"`); {
		case word == `\`:
			continue
		case strings.HasPrefix(word, "airbyte/destination-webhook:"):
			word = image
		}
		words = append(words, strings.Replace(word, "$PWD/sample", folder, 1))
	}
	stdout, stderr, exit := podman(t, bytes.NewReader(sample.Records), words...)
	if exit != 0 {
		t.Fatalf("%q: exit %d\nstdout: %s\nstderr: %s", words, exit, stdout, stderr)
	}
	if len(messages(t, stdout, "STATE")) == 0 || len(endpoint.received()) == 0 {
		t.Errorf("%d rows arrived:\n%s", len(endpoint.received()), stdout)
	}
}

// sampleFolder returns a folder with the sample, which sends to an address.
func sampleFolder(t *testing.T, address string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string][]byte{
		"config.json":  bytes.ReplaceAll(sample.Config, []byte("127.0.0.1:8080"), []byte(address)),
		"catalog.json": sample.Catalog,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
