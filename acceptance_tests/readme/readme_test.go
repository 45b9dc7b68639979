// Package readme types the commands of the documentation.
package readme

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"destination-webhook/acceptance_tests/connector"
)

// binary is the path of the program under test.
var binary string

func TestMain(m *testing.M) { os.Exit(connector.Run(m, &binary)) }

// elsewhere are the beginnings of commands that another test or step types, or nobody does.
var elsewhere = map[string]string{
	"go test ./...":                           "the step tests of .ci/run",
	"go build -o bin/destination-webhook":     "connector.Build",
	"docker build -t":                         "the step image of .ci/run",
	"docker run --rm -i":                      "acceptance_tests/image.TestREADME",
	"IMAGE=localhost/destination-webhook:dev": "the step image of .ci/run",
	"go run ./bench":                          "the step bench of .ci/run, with -short",
	"make benchstat":                          "minutes of Go benchmarks of two revisions",
	"make bench":                              "minutes of Go benchmarks, which the step benchmarks of .ci/run runs once each",
	"make fuzz":                               "the step fuzzing of .ci/run, by another bound",
	"docker run --rm -p":                      "nobody: it needs a container network",
	"docker buildx":                           "nobody: it needs a registry",
}

// pages have the commands of users and of those who work on the program.
var pages = []string{
	"README.md", "CONTRIBUTING.md", "examples/README.md", "docs/dead-letters.md", "docs/payload.md", "docs/performance.md",
	"docs/receiver.md", "docs/reliability.md", "docs/telemetry.md", "docs/terminal.md",
}

// Each command of the pages works, one after the other, with the files that it names.
func TestPages(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the commands of the pages need %s: %v", tool, err)
		}
	}
	for _, page := range pages {
		t.Run(page, func(t *testing.T) {
			w := newWorkplace(t)
			for _, commands := range blocks(t, "../../"+page) {
				here := slices.DeleteFunc(commands, func(command string) bool { return typedElsewhere(command) != "" })
				if len(here) > 0 {
					w.typeBlock(t, here)
				}
			}
		})
	}
}

// typedElsewhere returns the beginning by which a command is not typed here, or "".
func typedElsewhere(command string) string {
	for beginning := range elsewhere {
		if strings.HasPrefix(command+" ", beginning+" ") {
			return beginning
		}
	}
	return ""
}

// The list of what is not typed here says nothing of commands that are gone.
func TestElsewhere(t *testing.T) {
	unused := maps.Clone(elsewhere)
	for _, page := range pages {
		for _, command := range slices.Concat(blocks(t, "../../"+page)...) {
			delete(unused, typedElsewhere(command))
		}
	}
	for beginning := range unused {
		t.Errorf("no page has a command that begins with %q", beginning)
	}
}

// No other page has commands.
func TestPagesAreKnown(t *testing.T) {
	for _, pattern := range []string{"*.md", "*/*.md", "*/*/*.md", ".github/*.md"} {
		found, err := filepath.Glob("../../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range found {
			if name, _ := filepath.Rel("../..", page); !slices.Contains(pages, name) && len(blocks(t, page)) > 0 {
				t.Errorf("%s has commands that nobody types", name)
			}
		}
	}
}

var (
	block        = regexp.MustCompile("(?s)```sh\n(.*?)```")
	comment      = regexp.MustCompile(`(?m)\s{2,}#.*$`)
	continuation = regexp.MustCompile(`(\\|\|)\n\s*`)
)

var makeTarget = regexp.MustCompile("`make ([a-z]+)")

// Every target of make that a page names is in the Makefile.
func TestMakeTargets(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range pages {
		text, err := os.ReadFile("../../" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range makeTarget.FindAllStringSubmatch(string(text), -1) {
			found++
			if !strings.Contains(string(makefile), "\n"+match[1]+":") {
				t.Errorf("%s names make %s", page, match[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("the pages name only %d targets", found)
	}
}

// blocks returns the commands of each of a page's shell blocks.
func blocks(t *testing.T, page string) (all [][]string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range block.FindAllStringSubmatch(string(text), -1) {
		lines := continuation.ReplaceAllStringFunc(comment.ReplaceAllString(match[1], ""), func(end string) string {
			return strings.TrimRight(strings.TrimPrefix(end, "\\"), "\n\t ") + " "
		})
		all = append(all, strings.Split(strings.TrimSpace(lines), "\n"))
	}
	return all
}
