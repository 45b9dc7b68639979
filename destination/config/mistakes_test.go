package config

import (
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// mistake is a way to get a program, a template, a wrapper or a list wrong, and what a person reads
// who does so.
type mistake struct {
	Mistake string         `json:"mistake"`
	Config  jsontext.Value `json:"config"` // without url
	Says    []string       `json:"says"`
}

// TestMistakesSayWhatIsWrong: each mistake in a setting that is a language of its own is found
// before the sync, and its message names the field, the place within it, and what was expected.
func TestMistakesSayWhatIsWrong(t *testing.T) {
	text, err := os.ReadFile("testdata/mistakes.json")
	if err != nil {
		t.Fatal(err)
	}
	var mistakes []mistake
	if err := json.Unmarshal(text, &mistakes); err != nil {
		t.Fatal(err)
	}
	for _, m := range mistakes {
		t.Run(m.Mistake, func(t *testing.T) {
			var fields map[string]jsontext.Value
			if err := json.Unmarshal(m.Config, &fields); err != nil {
				t.Fatal(err)
			}
			if fields["url"] == nil {
				fields["url"] = jsontext.Value(`"https://example.com/hook"`)
			}
			raw, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m.Says, problemsOf(t, string(raw))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			for _, says := range m.Says {
				if !strings.Contains(says, "expected") {
					t.Errorf("%s: it does not say what was expected", says)
				}
			}
		})
	}
}
