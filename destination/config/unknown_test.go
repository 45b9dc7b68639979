package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWarningsNameUnknownFields(t *testing.T) {
	for members, want := range map[string]string{
		`"authorisation_header":"x"`:          "authorisation_header … authorization_header?",
		`"http_method":"PUT"`:                 "http_method … method?",
		`"batching":{"max_row":7}`:            "batching.max_row … batching.max_rows?",
		`"max_rows":7`:                        "max_rows … batching.max_rows?",
		`"Method":"PUT"`:                      "Method … method?",
		`"delivery":{"retry":{"attempts":7}}`: "delivery.retry.attempts … delivery.retry.max_attempts?",
		`"max_attempts":7`:                    "max_attempts … delivery.retry.max_attempts?",
		`"streams":[{"stream":"a"},{"stream":"b","uri":"http://h"}]`: "streams.1.uri … streams.1.url?",
		`"zzzzzzzzzz":{"url":1}`:                                     "zzzzzzzzzz",
		// Fields of options that are not chosen.
		`"snapshot":{"type":"none","path":"x","bucket":"b"}`: "",
		`"snapshot":{"type":"none","folder":"x"}`:            "snapshot.folder",
		`"s3cr3tTok3n":1`:                      "a field whose name is not shown",
		`"zzzzzzzzz2":1`:                       "zzzzzzzzz2",
		`"Bearer s3cr+t":1`:                    "a field whose name is not shown",
		`"` + strings.Repeat("s", 200) + `":1`: "a field whose name is not shown",
	} {
		config, err := Parse(readSpec(t), []byte(`{"url":"http://h",`+members+`}`))
		if err != nil {
			t.Errorf("%s: %v", members, err)
			continue
		}
		var all []string
		if want != "" {
			name, nearest, found := strings.Cut(want, " … ")
			if all = []string{name + " is not a setting and is ignored"}; found {
				all[0] += "; did you mean " + nearest
			}
		}
		if diff := cmp.Diff(all, config.Warnings); diff != "" {
			t.Errorf("%s (-want +got):\n%s", members, diff)
		}
	}
}

func TestWarningsAreFew(t *testing.T) {
	var members strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&members, `,"a%d":1`, i)
	}
	config, err := Parse(readSpec(t), []byte(`{"url":"http://h"`+members.String()+`}`))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(config.Warnings); n != 11 || config.Warnings[10] != "and 49990 more fields that are not settings" {
		t.Errorf("%d warnings, the last one %q", n, config.Warnings[n-1])
	}
}

func TestMissingURLBesideItsOtherName(t *testing.T) {
	for _, name := range []string{"uri", "webhook_url", "URL", "endpoint"} {
		problems := problemsOf(t, `{"`+name+`":"https://example.com"}`)
		if len(problems) != 1 || !strings.HasPrefix(problems[0], "url: required") || !strings.HasSuffix(problems[0], "; "+name+" is not a setting, rename it to url") {
			t.Errorf("%s: %q", name, problems)
		}
	}
}

func TestParseNamesOtherFormats(t *testing.T) {
	for raw, want := range map[string]string{
		"url: https://h\n":                 "config: expected JSON, this seems to be YAML: convert it, for example with yq -o json",
		"---\nurl: https://h\n":            "config: expected JSON, this seems to be YAML: convert it, for example with yq -o json",
		"# the endpoint\nurl: https://h\n": "config: expected JSON, this seems to be YAML: convert it, for example with yq -o json",
		"\xff\xfe{\x00}\x00":               "config: expected JSON in UTF-8, this seems to be UTF-16: save the file as UTF-8",
		"\xfe\xff\x00{\x00}":               "config: expected JSON in UTF-8, this seems to be UTF-16: save the file as UTF-8",
		"{\x00}\x00":                       "config: expected JSON in UTF-8, this seems to be UTF-16: save the file as UTF-8",
		`{"url"`:                           "config: expected one JSON object in UTF-8, it is broken at line 1, column 7",
	} {
		if diff := cmp.Diff([]string{want}, problemsOf(t, raw)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", raw, diff)
		}
	}
}
