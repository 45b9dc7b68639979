package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRefusesWhatIsTooLarge(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, test := range []struct{ name, raw, want string }{
		{"secret", `{"url":"https://h","api_key":"` + long(16<<10+1) + `"}`, "api_key: expected at most 16384 bytes"},
		{"secret of the longest", `{"url":"https://h","api_key":"` + long(16<<10) + `"}`, ""},
		{"URL", `{"url":"https://h/` + long(1<<20) + `"}`, "url: expected at most 16384 bytes"},
		{"header", `{"url":"https://h","headers":[{"name":"A","value":"` + long(20<<10) + `"}]}`, "headers.0.value: expected at most 16384 bytes"},
		{"name of a header", `{"url":"https://h","headers":[{"name":"` + long(1025) + `","value":"v"}]}`, "headers.0.name: expected at most 1024 bytes"},
		{"name of a stream", `{"url":"https://h","streams":[{"stream":"` + long(64<<10) + `"}]}`, "streams.0.stream: expected at most 1024 bytes"},
		{"field of a key", `{"url":"https://h","streams":[{"stream":"s","primary_key":[["id","` + long(1025) + `"]]}]}`, "streams.0.primary_key.0.1: expected at most 1024 bytes"},
		{"field that is not known", `{"url":"https://h","other":{"x":["` + long(20<<10) + `"]}}`, "other.x.0: expected at most 16384 bytes"},
		{"config", `{"url":"https://h","x":"` + long(4<<20) + `"}`, "config: expected at most 4 MiB"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			if diff := cmp.Diff(want, problemsOf(t, test.raw)); diff != "" {
				t.Errorf("(-want +got):\n%.500s", diff)
			}
		})
	}
}

// A problem costs the same however many there are, and not all of them are shown.
func TestParseShowsTheFirstProblems(t *testing.T) {
	const headers = 16_000
	raw := `{"url":"https://h","headers":[` + strings.Repeat(`{"name":"a b","value":""},`, headers-1) + `{"name":7}]}`
	got := problemsOf(t, raw)
	if len(got) != 101 {
		t.Fatalf("%d problems are shown", len(got))
	}
	if want := fmt.Sprintf("and %d more problems", headers+1-100); got[100] != want {
		t.Errorf("the last line is %q, want %q", got[100], want)
	}
}
