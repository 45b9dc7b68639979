package image

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// find returns what the pattern's group matches first in the file.
func find(t *testing.T, name, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(read(t, name))
	if match == nil {
		t.Fatalf("%s has nothing like %s", name, pattern)
	}
	return match[1]
}

func metadataVersion(t *testing.T) string {
	t.Helper()
	return find(t, "metadata.yaml", `(?m)^  dockerImageTag: (\S+)$`)
}

// A release is one number in several files. The first entry of each changelog is the newest.
func TestOneVersion(t *testing.T) {
	want := metadataVersion(t)
	for name, pattern := range map[string]string{
		"main.go":         `(?m)^var version = "(\S+)"$`,
		"Makefile":        `(?m)^VERSION \?= (\S+)$`,
		"CHANGELOG.md":    `(?m)^## (\d\S*)`,
		"docs/airbyte.md": `(?m)^\| (\d+\.\d+\.\d+) `,
	} {
		if got := find(t, name, pattern); got != want {
			t.Errorf("%s says version %s, metadata.yaml %s", name, got, want)
		}
	}
	for _, match := range regexp.MustCompile(`ARG .*VERSION=(\S+)`).FindAllStringSubmatch(read(t, "Dockerfile"), -1) {
		if match[1] != want {
			t.Errorf("Dockerfile says version %s, metadata.yaml %s", match[1], want)
		}
	}
}

// A tag moves; what a digest names does not. The tag is for the reader.
func TestBasesArePinned(t *testing.T) {
	for _, name := range []string{"GO_IMAGE", "BASE_IMAGE"} {
		find(t, "Dockerfile", `(?m)^# ([a-z]+:[a-z0-9.-]+)\nARG `+name+`=docker\.io/library/[a-z]+@sha256:[0-9a-f]{64}$`)
	}
	compose := read(t, "examples/compose/compose.yaml")
	for line := range strings.Lines(compose) {
		foreign := strings.Contains(line, "FROM ") || strings.Contains(line, "image: ") && !strings.Contains(line, "airbyte/destination-webhook:")
		if foreign && !pinned.MatchString(line) {
			t.Errorf("examples/compose/compose.yaml: %q is not pinned by a digest", strings.TrimSpace(line))
		}
	}
	if base := find(t, "Dockerfile", `BASE_IMAGE=(\S+)`); !strings.Contains(compose, base) {
		t.Errorf("the example's source has another base than the image, which is %s", base)
	}
}

var pinned = regexp.MustCompile(`docker\.io/library/[a-z]+@sha256:[0-9a-f]{64}\n$`)

// No script states the version of what it installs: it is in a file with checksums, which tools
// that look for updates read.
func TestInstallersNameNoVersion(t *testing.T) {
	version := regexp.MustCompile(`(@|==)v?[0-9]+(\.[0-9]|\b)`)
	for _, name := range []string{
		"interop/install", "examples/install", ".ci/run", ".ci/companions", ".ci/python-environment", "docs/verify/verify_test.go", ".github/workflows/ci.yaml",
	} {
		for _, found := range version.FindAllString(read(t, name), -1) {
			t.Errorf("%s states a version: %s", name, found)
		}
	}
	for _, name := range []string{"interop/prism/package-lock.json", "interop/pouchdb/package-lock.json", "docs/verify/package-lock.json", "examples/node/package-lock.json"} {
		lock := read(t, name)
		packages, hashes := strings.Count(lock, `"node_modules/`), strings.Count(lock, `"integrity": "sha512-`)+strings.Count(lock, `"integrity": "sha1-`)
		if packages != hashes || strings.Contains(lock, `"resolved"`) {
			t.Errorf("%s: %d packages with %d hashes, or the address of a registry", name, packages, hashes)
		}
	}
}

// Whoever moves a tag of an action runs code of theirs in ours: a commit cannot be moved.
func TestActionsArePinned(t *testing.T) {
	pinned := regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9.]+$`)
	used := regexp.MustCompile(`(?m)uses: (.*)$`).FindAllStringSubmatch(read(t, ".github/workflows/ci.yaml"), -1)
	if len(used) == 0 {
		t.Error("no action is used")
	}
	for _, action := range used {
		if !pinned.MatchString(action[1]) {
			t.Errorf("%s: want its commit, and its version as a comment", action[1])
		}
	}
}

// The image, the module and the tools are built with one version of Go.
func TestOneGoVersion(t *testing.T) {
	want := find(t, "go.mod", `(?m)^go (\S+)$`)
	for name, pattern := range map[string]string{
		"tools/go.mod":             `(?m)^go (\S+)$`,
		"interop/servers/go.mod":   `(?m)^go (\S+)$`,
		"interop/collector/go.mod": `(?m)^go (\S+)$`,
		"Dockerfile":               `(?m)^# golang:([0-9.]+)-`,
		"CONTRIBUTING.md":          `library/golang:([0-9.]+)-`,
		"README.md":                `Go (\S+) or later`,
	} {
		if got := find(t, name, pattern); got != want {
			t.Errorf("%s says Go %s, go.mod %s", name, got, want)
		}
	}
}

func TestDocumentationURL(t *testing.T) {
	metadata := find(t, "metadata.yaml", `documentationUrl: (\S+)`)
	if spec := find(t, "spec.json", `"documentationUrl":\s*"([^"]+)"`); spec != metadata {
		t.Errorf("spec.json points to %s, metadata.yaml to %s", spec, metadata)
	}
}

// The registry wants these five rows by these names.
func TestSupportedSyncModes(t *testing.T) {
	page := read(t, "docs/airbyte.md")
	_, section, found := strings.Cut(page, "\n## Supported sync modes\n")
	if !found {
		t.Fatal("docs/airbyte.md has no section Supported sync modes")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for _, mode := range []string{
		"Full Refresh - Overwrite", "Full Refresh - Append", "Full Refresh - Overwrite + Deduped",
		"Incremental Sync - Append", "Incremental Sync - Append + Deduped",
	} {
		if !strings.Contains(section, "| "+mode+" |") {
			t.Errorf("the table has no row %q", mode)
		}
	}
}

// The socket channel is declared by the mere presence of the key.
func TestNoSocketChannel(t *testing.T) {
	if regexp.MustCompile(`(?m)^\s+connectorIPCOptions:`).MatchString(read(t, "metadata.yaml")) {
		t.Error("metadata.yaml declares connectorIPCOptions, which turns on the socket channel")
	}
}
