package cli

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
)

var pairPattern = regexp.MustCompile(`^private (whsk_[A-Za-z0-9+/]{86}==)\npublic  (whpk_[A-Za-z0-9+/]{43}=)\nJWKS    (\{"keys":\[\{.*"x":"[\w-]{43}".*\}\]\})\n$`)

func TestKeys(t *testing.T) {
	outcome, made, stderr := run("keys")
	if outcome.Code != 0 || !pairPattern.MatchString(made) || stderr != "" {
		t.Fatalf("exit code %d, %q, %q", outcome.Code, made, stderr)
	}
	if _, other, _ := run("keys"); other == made {
		t.Error("two pairs are the same")
	}
	private := pairPattern.FindStringSubmatch(made)[1]
	for input, want := range map[string]string{private + "\n": made, "": "", "whsk_hunter2": "", "whsec_c2VjcmV0": ""} {
		var stdout, problems bytes.Buffer
		outcome := Run(context.Background(), Process{
			Args: []string{"keys", "--of-private-key"}, Stdin: strings.NewReader(input), Stdout: &stdout, Stderr: &problems,
		})
		if stdout.String() != want || (outcome.Code == 0) != (want != "") || (problems.Len() == 0) != (want != "") {
			t.Errorf("%q: exit code %d, %q, %q", input, outcome.Code, &stdout, &problems)
		}
		if strings.Contains(problems.String(), "hunter2") || strings.Contains(problems.String(), "c2Vj") {
			t.Errorf("a key is shown: %q", &problems)
		}
	}
}
