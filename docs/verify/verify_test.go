package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"destination-webhook/acceptance_tests/connector"
	"destination-webhook/destination/signature"
	"destination-webhook/destination/signature/signaturetest"
)

const (
	previous = signaturetest.OtherSecret
	private  = signaturetest.PrivateKey
	envelope = `{"sync_mode":"insert","rows":[{"data":{"name":"Zoë","score":1.0},"operation":"added"}]}`
)

// schemes are the keys of a receiver, of its sender and of somebody else.
var schemes = map[string]struct{ held, signs, other string }{
	"secret":     {signaturetest.Secret, signaturetest.Secret, previous},
	"public key": {signaturetest.PublicKey, private, signaturetest.OtherPrivateKey},
}

// Each example runs as its reader would run it, and receives what the destination signs and what
// others forge.
func TestExamples(t *testing.T) {
	for name, command := range map[string]func(*testing.T) *exec.Cmd{
		"go":     goExample,
		"python": pythonExample,
		"node":   nodeExample,
	} {
		for scheme, keys := range schemes {
			t.Run(name+", "+scheme, func(t *testing.T) {
				t.Parallel()
				exercise(t, connector.StartEndpoint(t, command(t), keys.held), keys.signs, keys.other)
			})
		}
	}
}

func exercise(t *testing.T, address, secret, other string) {
	now, otherScheme := time.Now(), private
	if secret == private {
		otherScheme = previous
	}
	tests := []struct {
		name    string
		secrets []string
		signed  string
		at      time.Time
		sent    []byte
		gzipped bool
		want    int
	}{
		{"signed", []string{secret}, envelope, now, []byte(envelope), false, 204},
		{"signed, compressed", []string{secret}, envelope, now, zipped(t, envelope), true, 204},
		{"while the key changes", []string{previous, secret}, envelope, now, []byte(envelope), false, 204},
		{"while a key of the same scheme replaces it", []string{other, secret}, envelope, now, []byte(envelope), false, 204},
		{"while it replaces a key of the same scheme", []string{secret, other}, envelope, now, []byte(envelope), false, 204},
		{"without rows", []string{secret}, `{"sync_mode":"insert","rows":[]}`, now, []byte(`{"sync_mode":"insert","rows":[]}`), false, 204},
		{"another key", []string{other}, envelope, now, []byte(envelope), false, 401},
		{"another body", []string{secret}, envelope, now, []byte(strings.Replace(envelope, "1.0", "1", 1)), false, 401},
		{"another body, compressed", []string{secret}, envelope, now, zipped(t, envelope+" "), true, 401},
		{"old", []string{secret}, envelope, now.Add(-time.Hour), []byte(envelope), false, 401},
		{"from the future", []string{secret}, envelope, now.Add(time.Hour), []byte(envelope), false, 401},
		{"the other scheme alone", []string{otherScheme}, envelope, now, []byte(envelope), false, 401},
		{"not signed", nil, envelope, now, []byte(envelope), false, 401},
		{"not compressed", []string{secret}, envelope, now, []byte(envelope), true, 400},
		{"a bomb", []string{secret}, envelope, now, zipped(t, strings.Repeat(" ", 17<<20)), true, 400},
	}
	for _, test := range tests {
		req, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(test.sent))
		if err != nil {
			t.Fatal(err)
		}
		sign(t, req, test.secrets, test.at, test.signed)
		if test.gzipped {
			req.Header.Set("Content-Encoding", "gzip")
		}
		response, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != test.want {
			t.Errorf("%s: status %d, want %d", test.name, response.StatusCode, test.want)
		}
	}
}

func sign(t *testing.T, req *http.Request, secrets []string, at time.Time, body string) {
	t.Helper()
	if secrets == nil {
		return
	}
	signer, err := signature.New(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	const id = "0123456789abcdef"
	req.Header.Set(signature.HeaderID, id)
	req.Header.Set(signature.HeaderTimestamp, signature.Timestamp(at))
	req.Header.Set(signature.HeaderSignature, signer.Sign(id, at, []byte(body)))
}

func zipped(t *testing.T, body string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, _ = io.WriteString(writer, body)
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func goExample(t *testing.T) *exec.Cmd { return connector.BuildEndpoint(t, ".") }

// python is the interpreter with the libraries of the examples, or else the system's.
func python() string {
	const local = ".venv/bin/python"
	if _, err := os.Stat(local); err != nil {
		return "python3"
	}
	return local
}

func pythonExample(t *testing.T) *exec.Cmd {
	if err := exec.Command(python(), "-c", "import standardwebhooks, cryptography").Run(); err != nil {
		t.Skip("python3 with standardwebhooks and cryptography is not installed: python3 -m venv .venv && .venv/bin/pip install --no-deps --require-hashes --requirement requirements.txt")
	}
	return exec.Command(python(), "verify.py")
}

func nodeExample(t *testing.T) *exec.Cmd {
	if err := exec.Command("node", "--input-type=module", "-e", "import 'standardwebhooks'").Run(); err != nil {
		t.Skip("node with standardwebhooks is not installed: npm ci --ignore-scripts")
	}
	return exec.Command("node", "verify.mjs")
}
