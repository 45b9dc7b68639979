package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Each example can be copied alone, so that what they share is in each of them. The copies are
// equal.
func TestCopiesAreEqual(t *testing.T) {
	for name, folder := range map[string]string{"publickey.go": "go", "publickey.py": "python", "publickey.mjs": "node"} {
		here, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		there, err := os.ReadFile(filepath.Join("../../examples", folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(here) != string(there) {
			t.Errorf("docs/verify/%s is not examples/%s/%s", name, folder, name)
		}
	}
}
