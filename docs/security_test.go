// Package docs holds tests of the documentation against the code.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var namedTest = regexp.MustCompile("`([a-z0-9_/]+)\\.((?:Test|Fuzz)[A-Za-z0-9_]+)`")

// Every test that the threat table relies on exists.
func TestThreatTableNamesRealTests(t *testing.T) {
	page, err := os.ReadFile("security.md")
	if err != nil {
		t.Fatal(err)
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
