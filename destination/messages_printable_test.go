package destination

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/destination/config/configtest"
)

// Whatever comes into a message, also before the config is known, is escaped when it leaves.
func TestMessagesAreVisible(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(config, []byte(`{"url":"https://endpoint.invalid"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p := &Program{Spec: configtest.Spec(t), Stdin: strings.NewReader(""), Stdout: &out, Getenv: func(string) string { return "" }}
	const name = "no\x1b[2Jsuch.json"
	if _, err := p.Check(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{config, name} {
		if err := p.Write(t.Context(), path, name); err == nil {
			t.Error("it syncs without a catalog")
		}
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, line := range lines {
		if strings.Contains(line, `\u001b`) || !strings.Contains(line, `no\\x1b[2Jsuch.json`) {
			t.Errorf("got %s", line)
		}
	}
	if len(lines) != 3 {
		t.Errorf("%d messages, want an answer of check, and a trace of each write", len(lines))
	}
}
