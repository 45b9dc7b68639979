package main

import (
	"os"
	"strings"
	"testing"
)

// What the page shows is what runs: each of its excerpts is part of a file here.
func TestPageShowsTheExamples(t *testing.T) {
	page, err := os.ReadFile("../verify-signatures.md")
	if err != nil {
		t.Fatal(err)
	}
	for fence, file := range map[string]string{"```go\n": "verify.go", "```python\n": "verify.py", "```js\n": "verify.mjs"} {
		example, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, found := strings.Cut(string(page), fence)
		excerpt, _, closed := strings.Cut(rest, "```")
		if !found || !closed || len(excerpt) < 100 || !strings.Contains(string(example), excerpt) {
			t.Errorf("the page's excerpt is not in %s:\n%s", file, excerpt)
		}
	}
}
