package destination

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/config/configtest"
)

// tracesOf runs a sync whose first attempt fails, and returns the traceparent of each attempt.
func tracesOf(t *testing.T, parent, headers string) (seen []string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("traceparent"))
		if len(seen) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	dir, out := t.TempDir(), &bytes.Buffer{}
	config, catalog := filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json")
	for name, text := range map[string]string{config: `{"url":"` + server.URL + `","delivery":{"retry":{"initial_interval_ms":1}}` + headers + `}`, catalog: usersRefresh} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &Program{
		Spec: configtest.Spec(t), Stdout: out, Stdin: strings.NewReader(`{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":0}}` + "\n"),
		Getenv: func(name string) string { return map[string]string{"TRACEPARENT": parent}[name] },
	}
	if err := p.Write(t.Context(), config, catalog); err != nil || len(seen) != 2 {
		t.Fatalf("%v after %q\n%s", err, seen, out)
	}
	return seen
}

var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-01$`)

// All attempts of a sync are of one trace, each a span of its own: the environment's trace, or a
// new one for each sync. The user's header is left as it is.
func TestTraceparentOfAttempts(t *testing.T) {
	const given = "4bf92f3577b34da6a3ce929d0e0e4736"
	traces := map[string]bool{}
	for _, parent := range []string{"", "", "00-" + given + "-00f067aa0ba902b7-01"} {
		seen := tracesOf(t, parent, "")
		first, second := traceparent.FindStringSubmatch(seen[0]), traceparent.FindStringSubmatch(seen[1])
		if first == nil || second == nil || first[1] != second[1] || first[2] == second[2] || (first[1] == given) != (parent != "") {
			t.Errorf("with %q: %q", parent, seen)
			continue
		}
		traces[first[1]] = true
	}
	if len(traces) != 3 {
		t.Errorf("three syncs have %d traces", len(traces))
	}
	if diff := cmp.Diff([]string{"mine", "mine"}, tracesOf(t, "", `,"headers":[{"name":"TraceParent","value":"mine"}]`)); diff != "" {
		t.Error(diff)
	}
}
