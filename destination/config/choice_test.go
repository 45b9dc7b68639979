package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResolveLeavesTheSchemaAlone(t *testing.T) {
	root, err := parseSpec(readSpec(t))
	if err != nil {
		t.Fatal(err)
	}
	before, err := parseSpec(readSpec(t))
	if err != nil {
		t.Fatal(err)
	}
	resolved := root.resolve(map[string]any{"dead_letter": map[string]any{"type": "local"}})
	if got := resolved.Properties["dead_letter"].Properties["path"]; got == nil {
		t.Error("the option local is not chosen")
	}
	if diff := cmp.Diff(before, root); diff != "" {
		t.Errorf("the schema (-before +after):\n%s", diff)
	}
}
