package cli

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

var pairPattern = regexp.MustCompile(`^private (whsk_[A-Za-z0-9+/]{86}==)\npublic  (whpk_[A-Za-z0-9+/]{43}=)\nJWKS    (\{"keys":\[\{.*"x":"[\w-]{43}".*\}\]\})\n$`)

// The first two keys of RFC 8032, section 7.1.
var (
	rfcPrivate = []string{
		"whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==",
		"whsk_TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs9QBfD6EOJWpK3CqdNG368nJgszy7ElozAzVXxKvRmDA==",
	}
	rfcPublic = []string{"whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "whpk_PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="}
)

// rfcSet is what a JWKS of both has. The thumbprint of the first is that of RFC 8037, appendix A.3.
const rfcSet = `{"keys":[` +
	`{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"EdDSA","use":"sig","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},` +
	`{"crv":"Ed25519","kty":"OKP","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw","alg":"EdDSA","use":"sig","kid":"FtIu-VbGrfe_KB6CH7GNwODB72MNxj_ml11dEvO-7kk"}]}`

func TestKeys(t *testing.T) {
	outcome, made, stderr := run("keys")
	if outcome.Code != 0 || !pairPattern.MatchString(made) || stderr != "" {
		t.Fatalf("exit code %d, %q, %q", outcome.Code, made, stderr)
	}
	if _, other, _ := run("keys"); other == made {
		t.Error("two pairs are the same")
	}
	private := pairPattern.FindStringSubmatch(made)[1]
	rotation := fmt.Sprintf("private %s\npublic  %s\nprivate %s\npublic  %s\nJWKS    %s\n",
		rfcPrivate[0], rfcPublic[0], rfcPrivate[1], rfcPublic[1], rfcSet)
	for input, want := range map[string]string{private + "\n": made, rfcPrivate[0] + "\n" + rfcPrivate[1] + "\n": rotation, rfcPrivate[0] + " whsk_hunter2": "", "": "", "whsk_hunter2": "", "whsec_c2VjcmV0": ""} {
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
