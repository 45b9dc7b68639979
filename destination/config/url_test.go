package config

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/racetest"
)

// quoted returns a text as a JSON string.
func quoted(t *testing.T, text string) string {
	t.Helper()
	s, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(s)
}

func TestParseAcceptsURLs(t *testing.T) {
	for _, address := range []string{
		"https://example.com",
		"http://example.com/",
		"https://example.com:8443/a/b%20c?x=1&y=a%23b",
		"http://127.0.0.1:8080",
		"http://[::1]:8080/hook",
		"https://bücher.example/hook",
		"https://example.com:/hook",
		"HTTPS://example.com",
	} {
		if got := problemsOf(t, `{"url":`+quoted(t, address)+`}`); got != nil {
			t.Errorf("%s: %v, want no problem", address, got)
		}
	}
}

func TestParseRefusesURLs(t *testing.T) {
	const (
		unusable  = "expected an absolute http or https URL such as https://example.com/hook"
		relative  = "expected an absolute URL, put https:// and the host in front"
		scheme    = "expected the scheme http or https"
		userinfo  = "expected no user or password in the URL, put credentials in their own fields"
		fragment  = "expected no fragment, what follows # never reaches an endpoint"
		port      = "expected a port from 1 to 65535"
		spaces    = "expected a URL without spaces, line breaks or control characters"
		malformed = "expected a valid URL such as https://example.com/hook"
	)
	for _, test := range []struct{ address, want string }{
		{"", unusable},
		{"example.com/hook", relative},
		{"/hook", relative},
		{"//example.com/hook", relative},
		{"?x=1", relative},
		{"ftp://example.com", scheme},
		{"file:///etc/passwd", scheme},
		{"javascript:alert(1)", scheme},
		{"localhost:8080/hook", scheme},
		{"https://user:password@example.com", userinfo},
		{"https://token@example.com", userinfo},
		{"https://@example.com", userinfo},
		{"https:///hook", "expected a host after https://"},
		{"http://:80/hook", "expected a host after http://"},
		{"http:example.com", "expected a host after http://"},
		{"https://example.com/#", fragment},
		{"https://example.com/hook#part", fragment},
		{"https://example.com:0", port},
		{"https://example.com:65536", port},
		{"https://example.com:99999999999999999999", port},
		{" https://example.com", spaces},
		{"https://example.com/hook\n", spaces},
		{"https://example.com/a b", spaces},
		{"https://example.com/\x7f", spaces},
		{"https://example.com:port", malformed},
		{"https://example.com/%zz", malformed},
		{"https://[::1", malformed},
	} {
		t.Run(test.address, func(t *testing.T) {
			if diff := cmp.Diff([]string{"url: " + test.want}, problemsOf(t, `{"url":`+quoted(t, test.address)+`}`)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// A value that is wrong may be a secret in the wrong place: no text that says so may hold it,
// whatever field it is in and whatever is wrong with it.
func TestProblemsHoldNoValue(t *testing.T) {
	const canary = "c4n4ryc4n4ry"
	quoted := `"` + canary + `"`
	values := []string{
		quoted, `"` + canary + ` "`, `" ` + canary + `"`, `"` + canary + `\r\n"`, `"\u0000` + canary + `"`, `"https://` + canary + `:pw@h"`,
		`"https://u:` + canary + `@h"`, `"https://h/#` + canary + `"`, `"https://h:` + canary + `"`,
		`"https://h/%zz` + canary + `"`, `"` + canary + `://h"`, `"` + canary + `:h"`,
		`[` + quoted + `]`, `[[` + quoted + `," ` + canary + `"]]`, `{` + quoted + `:` + quoted + `}`,
		`[{` + quoted + `:` + quoted + `}]`, `[{"name":` + quoted + `,"value":"` + canary + `\n"},{"name":` + quoted + `,"value":7}]`,
		`[{"name":"` + canary + ` x","value":` + quoted + `}]`, `[{"stream":` + quoted + `},{"stream":` + quoted + `}]`,
		`[{"stream":` + quoted + `,"url":` + quoted + `,"method":` + quoted + `,"sync_mode":` + quoted + `,"primary_key":` + quoted + `}]`,
		`[{"stream":` + quoted + `,"primary_key":[[` + quoted + `],[` + quoted + `]]}]`,
		quoted + canary, `{` + quoted + `:1,` + quoted + `:2}`, `{` + quoted + `:1e999}`, quoted + "\xff",
	}
	for i, path := range specPaths(t) {
		for j, value := range values {
			if racetest.Enabled && (i+j)%4 != 0 { // each value at some of the paths: one goroutine has no races
				continue
			}
			raw := nestValue(path, value)
			for _, problem := range problemsOf(t, raw) {
				if strings.Contains(problem, canary) {
					t.Errorf("config %s\n says %q", raw, problem)
				}
			}
		}
	}
}

// specPaths lists every property that is not in a list.
func specPaths(t *testing.T) [][]string {
	root, err := parseSpec(readSpec(t))
	if err != nil {
		t.Fatal(err)
	}
	var paths [][]string
	var walk func(node *specNode, path []string)
	walk = func(node *specNode, path []string) {
		for name, property := range node.Properties {
			inner := slices.Concat(path, []string{name})
			paths = append(paths, inner)
			walk(property, inner)
		}
		for _, option := range node.OneOf {
			choiceName := node.choiceName()
			choice := choiceName + `":"` + option.Properties[choiceName].Const + `","`
			for name := range option.Properties {
				if name != choiceName { // the step chooses the option along with the name
					paths = append(paths, slices.Concat(path, []string{choice + name}))
				}
			}
		}
	}
	walk(root, nil)
	return paths
}

// nestValue builds the config that has value at path.
func nestValue(path []string, value string) string {
	for i := len(path) - 1; i >= 0; i-- {
		value = `{"` + path[i] + `":` + value + `}`
	}
	return value
}
