// Package docs holds tests of the documentation against the code.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var namedScript = regexp.MustCompile("`([a-z0-9_]+\\.txtar)`")

var namedTest = regexp.MustCompile("`([a-z0-9_/]*)\\.((?:Test|Fuzz)[A-Za-z0-9_]+)`")

// Every test that the tables of threats and faults rely on exists.
func TestPagesNameRealTests(t *testing.T) {
	for _, name := range []string{"security.md", "reliability.md"} {
		t.Run(name, func(t *testing.T) { namesRealTests(t, name) })
	}
}

// Every threat names what holds its defence.
func TestRowsNameTests(t *testing.T) {
	page, err := os.ReadFile("security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, threats, _ := strings.Cut(string(page), "\n## Threats\n")
	threats, _, _ = strings.Cut(threats, "\n## ")
	rows := 0
	for line := range strings.SplitSeq(threats, "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| who |") {
			continue
		}
		rows++
		held := line[strings.LastIndex(strings.TrimSuffix(line, " |"), " | "):]
		if !namedTest.MatchString(held) && !namedScript.MatchString(held) {
			t.Errorf("no test in the row %s", line)
		}
	}
	if rows < 20 {
		t.Errorf("found only %d rows", rows)
	}
}

func namesRealTests(t *testing.T, name string) {
	t.Helper()
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range namedScript.FindAllStringSubmatch(string(page), -1) {
		if _, err := os.Stat(filepath.Join("../acceptance_tests/scripts", match[1])); err != nil {
			t.Error(err)
		}
	}
	named := namedTest.FindAllStringSubmatch(string(page), -1)
	if len(named) < 20 {
		t.Fatalf("found only %d tests on the page", len(named))
	}
	for _, match := range named {
		if !hasTest(t, filepath.Join("..", match[1]), match[2]) {
			t.Errorf("%s has no %s", match[1], match[2])
		}
	}
}

var link = regexp.MustCompile(`(?:\]\(|src="|srcset=")([^):#"]+)`)

// Every file that a page links to is there.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, pattern := range []string{"../*.md", "*.md", "decisions/*.md", "../examples/*.md"} {
		pages, err := filepath.Glob(pattern)
		if err != nil || len(pages) == 0 {
			t.Fatalf("no pages at %s: %v", pattern, err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range link.FindAllStringSubmatch(string(text), -1) {
				if match[1] == "https" || match[1] == "http" {
					continue
				}
				if _, err := os.Stat(filepath.Join(filepath.Dir(page), match[1])); err != nil {
					t.Errorf("%s links to %s: %v", page, match[1], err)
				}
			}
		}
	}
}

func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	function := regexp.MustCompile(`(?m)^func ` + name + `\(`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if function.Match(source) {
			return true
		}
	}
	return false
}

// The modules that the page calls unmaintained are in the binary's list: a row must go when its
// module does.
func TestUnmaintainedModulesAreRequired(t *testing.T) {
	page, err := os.ReadFile("security.md")
	if err != nil {
		t.Fatal(err)
	}
	required, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "## Modules without a maintainer")
	section, _, closed := strings.Cut(section, "\n## ")
	modules := regexp.MustCompile("`(github\\.com/[^`]+)`").FindAllStringSubmatch(section, -1)
	if !found || !closed || len(modules) < 5 {
		t.Fatalf("the section has %d modules", len(modules))
	}
	for _, module := range modules {
		if !strings.Contains(string(required), module[1]+" v") {
			t.Errorf("go.mod does not require %s", module[1])
		}
	}
}
