package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"destination-webhook/destination/signature/signaturetest"
)

// runSigned runs a command with a body on stdin and the secret in the environment.
func runSigned(secret, body string, args ...string) (Outcome, string, string) {
	var stdout, stderr bytes.Buffer
	outcome := Run(context.Background(), Process{
		Args: args, Stdin: strings.NewReader(body), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(name string) string { return map[string]string{envSecrets: secret}[name] },
	})
	return outcome, stdout.String(), stderr.String()
}

// The vector of the specification's own libraries, both ways.
func TestSignAndVerify(t *testing.T) {
	const (
		secret = signaturetest.Secret
		id     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
		body   = `{"test": 2432232314}`
		entry  = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	)
	outcome, stdout, stderr := runSigned(secret, body, "sign", "--id", id, "--timestamp", "1614265330")
	want := "Webhook-Id: " + id + "\nWebhook-Timestamp: 1614265330\nWebhook-Signature: " + entry + "\n"
	if outcome != (Outcome{}) || stdout != want {
		t.Errorf("sign: %v %q %s", outcome, stdout, stderr)
	}
	verify := func(more ...string) []string {
		return append([]string{"verify", "--id", id, "--timestamp", "1614265330"}, more...)
	}
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		secret, body string
		args         []string
		code         int
		says         string
	}{
		"valid":         {secret, body, verify("--signature", entry, "--tolerance", "0"), 0, "valid\n"},
		"of a file":     {secret, "", verify("--signature", entry, "--tolerance", "0", file), 0, "valid\n"},
		"old":           {secret, body, verify("--signature", entry), 1, "is older than 5m0s"},
		"another body":  {secret, body + " ", verify("--signature", entry, "--tolerance", "0"), 1, "no signature matches"},
		"no secret":     {"", body, verify("--signature", entry, "--tolerance", "0"), 1, "not valid: "},
		"wrong secret":  {"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", body, verify("--signature", entry, "--tolerance", "0"), 1, "no signature matches"},
		"no file":       {secret, body, verify("--signature", entry, file+".missing"), 1, "reading the body"},
		"two files":     {secret, body, []string{"sign", file, file}, 2, "unknown argument"},
		"cannot sign":   {"", body, []string{"sign"}, 1, "signing: "},
		"public cannot": {"whpk_AAAA", body, []string{"sign"}, 1, "signing: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			outcome, stdout, stderr := runSigned(tt.secret, tt.body, tt.args...)
			if outcome.Code != tt.code || !strings.Contains(stdout+stderr, tt.says) || (tt.secret != "" && strings.Contains(stdout+stderr, tt.secret)) {
				t.Errorf("code %d, stdout %q, stderr %q", outcome.Code, stdout, stderr)
			}
		})
	}
	if _, first, _ := runSigned(secret, body, "sign"); !regexp.MustCompile(`^Webhook-Id: msg_\w{26}\n`).MatchString(first) {
		t.Errorf("an id that is made up: %q", first)
	}
}
