// Package configtest makes configs for tests, by the spec.json of this repository.
package configtest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"destination-webhook/destination/config"
)

// Spec returns spec.json.
func Spec(t testing.TB) []byte {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	spec, err := os.ReadFile(filepath.Join(filepath.Dir(here), "..", "..", "..", "spec.json"))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// Parse returns a config that has these members, which begin with a comma, besides the URL.
func Parse(t testing.TB, members string) *config.Config {
	t.Helper()
	c, err := config.Parse(Spec(t), []byte(`{"url":"https://example.com/hook"`+members+`}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
