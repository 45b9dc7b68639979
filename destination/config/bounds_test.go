package config

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
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
		{"headers", `{"url":"https://h","headers":[` + list(201, `{"name":"x%d","value":"v"}`) + `]}`, "headers: expected a list of at most 200"},
		{"headers of a stream", `{"url":"https://h","streams":[{"stream":"s","headers":[` + list(201, `{"name":"x%d","value":"v"}`) + `]}]}`, "streams.0.headers: expected a list of at most 200"},
		{"as many headers as there may be", `{"url":"https://h","headers":[` + list(200, `{"name":"x%d","value":"v"}`) + `]}`, ""},
		{"overrides", `{"url":"https://h","streams":[` + list(10_001, `{"stream":"s%d"}`) + `]}`, "streams: expected at most 10000 overrides: set what streams share for all of them, or divide the streams among several connections"},
		{"as many overrides as there may be", `{"url":"https://h","streams":[` + list(10_000, `{"stream":"s%d"}`) + `]}`, ""},
		{"key", `{"url":"https://h","streams":[{"stream":"s","primary_key":[` + list(201, `["k%d"]`) + `]}]}`, "streams.0.primary_key: expected a list of at most 200"},
		{"name that may be a secret", `{"url":"https://h","batching":{"S3cretT0ken":"` + long(20<<10) + `"}}`, "a field whose name is not shown: expected at most 16384 bytes"},
		{"long name of a long list", `{"url":"https://h","` + long(1<<20) + `":[` + list(201, `%d`) + `]}`, "a field whose name is not shown: expected a list of at most 200"},
		{"nested as deep as it may be", `{"url":"https://h","x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`, ""},
		{"nested deeper", `{"url":"https://h","x":` + strings.Repeat("[", 17) + strings.Repeat("]", 17) + `}`, "config: expected values that are nested at most 16 levels deep"},
		{"nested deeper in objects", `{"url":"https://h","x":` + strings.Repeat(`{"a":`, 17) + `1` + strings.Repeat("}", 17) + `}`, "config: expected values that are nested at most 16 levels deep"},
		{"schema that is nested deeper", `{"url":"https://h","payload":{"format":"envelope","schema":` + strings.Repeat(`{"items":`, 50) + `{}` + strings.Repeat("}", 50) + `}}`, ""},
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

// list returns elements that differ by their number, separated by commas.
func list(count int, format string) string {
	elements := make([]string, count)
	for i := range elements {
		elements[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(elements, ",")
}

// Whatever the length of each secret is, all of them together have a bound, in whatever list they
// are.
func TestParseRefusesTooManySecrets(t *testing.T) {
	long := func(count int, format string) string {
		elements := make([]string, count)
		for i := range elements {
			elements[i] = fmt.Sprintf(format, i, random(16_000, i))
		}
		return strings.Join(elements, ",")
	}
	for name, format := range map[string]string{
		"headers":               `{"url":"https://h","headers":[%s{"name":"X%d","value":"%s"}%s]}`,
		"addresses of streams":  `{"url":"https://h","streams":[%s{"stream":"s%d","url":"https://h/%s"}%s]}`,
		"queries of streams":    `{"url":"https://h","streams":[%s{"stream":"s%d","url":"https://h/?k=%s"}%s]}`,
		"templates of streams":  `{"url":"https://h","streams":[%s{"stream":"s%d","url":"https://h/%s/{stream}"}%s]}`,
		"operations of streams": `{"url":"https://h","streams":[%s{"stream":"s%d","operations":{"added":{"url":"https://h/%s"}}}%s]}`,
	} {
		begin, rest, _ := strings.Cut(format, "%s{")
		element, end, _ := strings.Cut("{"+rest, "%s]")
		if got := problemsOf(t, begin+long(10, element)+"]"+end); got != nil {
			t.Errorf("a few %s: %q", name, got)
		}
		got := problemsOf(t, begin+long(150, element)+"]"+end)
		if want := []string{"config: " + tooManySecrets}; !slices.Equal(got, want) {
			t.Errorf("many %s: %.300q", name, got)
		}
	}
}

// The longest secrets there can be, one in each field, are accepted.
func TestParseTakesTheLongestSecrets(t *testing.T) {
	raw := fmt.Sprintf(`{"url":"https://h/%s?k=%[2]s","authorization_header":"Bearer %[3]s","api_key":"%[4]s",
		"report":{"type":"webhook","url":"https://h/%[5]s","authorization_header":"Bearer %[6]s"},
		"dead_letter":{"type":"webhook","url":"https://h/%[7]s","authorization_header":"Bearer %[8]s"}}`,
		random(8000, 1), random(8000, 2), random(16000, 3), random(16000, 4), random(16000, 5), random(16000, 6), random(16000, 7), random(16000, 8))
	if got := problemsOf(t, raw); got != nil {
		t.Errorf("%.300q", got)
	}
}

// random returns n characters that differ with the seed.
func random(n, seed int) string {
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	b := make([]byte, n/2)
	_, _ = source.Read(b)
	return hex.EncodeToString(b)
}

// An override costs the same however many there are, up to as many as there may be: ten times as
// many take ten times the memory, and a little more for longer numbers.
func TestOverridesCostTheSame(t *testing.T) {
	taken := func(overrides int) float64 {
		raw := []byte(`{"url":"https://h","streams":[` + list(overrides, `{"stream":"s%d","method":"PUT","url":"https://h/{stream}"}`) + `]}`)
		return testing.AllocsPerRun(1, func() {
			if _, err := Parse(readSpec(t), raw); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := taken(maxStreams/10), taken(maxStreams); many > 11*few {
		t.Errorf("%v allocations for %d overrides, %v for %d", few, maxStreams/10, many, maxStreams)
	}
}

// A problem costs the same however many there are, and not all of them are shown.
func TestParseShowsTheFirstProblems(t *testing.T) {
	const overrides = 10_000
	raw := `{"url":"https://h","streams":[` + strings.Repeat(`{"stream":"s","method":"GET"},`, overrides-1) + `{"stream":7}]}`
	got := problemsOf(t, raw)
	if len(got) != 101 {
		t.Fatalf("%d problems are shown", len(got))
	}
	if want := fmt.Sprintf("and %d more problems", 2*(overrides-1)-100); got[100] != want {
		t.Errorf("the last line is %q, want %q", got[100], want)
	}
}
