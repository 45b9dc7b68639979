package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)

// TestEveryFuzzTargetHasACorpus: what a parser should meet first is in the repository, beside the
// target.
func TestEveryFuzzTargetHasACorpus(t *testing.T) {
	targets := 0
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path) //nolint:gosec // the repository's own
		if err != nil {
			return err
		}
		for _, target := range fuzzTarget.FindAllStringSubmatch(string(source), -1) {
			targets++
			corpus := filepath.Join(filepath.Dir(path), "testdata", "fuzz", target[1])
			if entries, err := os.ReadDir(corpus); err != nil || len(entries) == 0 {
				t.Errorf("%s has no corpus in %s", target[1], corpus)
			}
		}
		return nil
	})
	if err != nil || targets < 12 {
		t.Errorf("%d targets were found: %v", targets, err)
	}
}
