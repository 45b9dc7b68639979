package docs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/config"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// documented is an answer that an API documents, to a request with the rows a, b and c, and how its
// recipe is to read it.
type documented struct {
	Status   int
	Body     string
	Means    string
	Rejected []string // places, reasons and what follows
	Unclear  string   // why the rows cannot be told apart; "": they can
}

var recipe = regexp.MustCompile("(?s)\n## ([^\n]+)\n\n```json\n(.*?)```")

// TestRecipes parses the config of each recipe, compiles what it has, and reads the answers that
// the API documents.
func TestRecipes(t *testing.T) {
	page, text := readFile(t, "recipes.md"), readFile(t, "testdata/recipes.json")
	answers := make(map[string][]documented)
	if err := json.Unmarshal(text, &answers); err != nil {
		t.Fatal(err)
	}
	recipes := recipe.FindAllStringSubmatch(string(page), -1)
	if len(recipes) != 12 || len(answers) != len(recipes) {
		t.Errorf("%d recipes and the answers of %d", len(recipes), len(answers))
	}
	for _, r := range recipes {
		t.Run(r[1], func(t *testing.T) {
			rules := rulesOf(t, r[2])
			if len(answers[r[1]]) == 0 {
				t.Error("no documented answer")
			}
			for _, a := range answers[r[1]] {
				hold(t, rules, a)
			}
		})
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// rulesOf returns how the answers are read by a config, which is to be one without unknown fields.
func rulesOf(t *testing.T, text string) *answer.Rules {
	t.Helper()
	c, err := config.Parse(readFile(t, "../spec.json"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) > 0 {
		t.Error(c.Warnings)
	}
	catalog, err := protocol.ParseCatalog([]byte(`{"streams":[{"stream":{"name":"users"},"sync_mode":"full_refresh","destination_sync_mode":"append_dedup","primary_key":[["id"]]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	table, err := route.NewTable(c, catalog, "agent")
	if err != nil {
		t.Fatal(err)
	}
	return table[0].Answers
}

// hold reads a documented answer and compares what it means.
func hold(t *testing.T, rules *answer.Rules, a documented) {
	t.Helper()
	kind := answer.Delivered
	if !rules.Success(a.Status) {
		kind = rules.Classify(a.Status, nil, func(s string) string { return s }).Kind
	} else if unmet := rules.Unmet(a.Status, "", []byte(a.Body), false); unmet != nil {
		kind = unmet.Kind
	}
	if kind.String() != a.Means {
		t.Errorf("%d %s means %v, want %s", a.Status, a.Body, kind, a.Means)
	}
	if kind != answer.Delivered && (kind != answer.Refused || rules == nil || rules.RejectedRows == nil) {
		return
	}
	rows := answer.NewRows(3, func(place int) []byte { return fmt.Appendf(nil, `"%c"`, 'a'+place) })
	verdicts, err := rules.ReadVerdicts(a.Status, "", []byte(a.Body), rows)
	var unclear *answer.Unclear
	if errors.As(err, &unclear) != (a.Unclear != "") || unclear != nil && !strings.Contains(unclear.Problem, a.Unclear) {
		t.Errorf("%d %s: %v, want %q", a.Status, a.Body, err, a.Unclear)
	}
	var rejected []string
	for _, v := range verdicts {
		said := fmt.Sprintf("%d: %s", v.Place, v.Reason)
		if v.Retry {
			said += ", once more"
		}
		rejected = append(rejected, said)
	}
	if diff := cmp.Diff(a.Rejected, rejected); diff != "" && a.Unclear == "" {
		t.Errorf("%d %s (-want +got):\n%s", a.Status, a.Body, diff)
	}
}
