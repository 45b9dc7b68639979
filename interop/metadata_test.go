package interop

import (
	"path/filepath"
	"strings"
	"testing"
)

// Airbyte's registry accepts metadata.yaml.
func TestMetadata(t *testing.T) {
	e := newEnvironment(t)
	file, err := filepath.Abs("../metadata.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if said := e.run(t, nil, "python", "metadata.py", file); strings.TrimSpace(said) != "valid" {
		t.Errorf("the model says: %s", said)
	}
}
