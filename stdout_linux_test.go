package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A stdout that was closed when the process started loses nothing in silence: each write fails, and
// stderr says why. One that somebody has sent to /dev/null takes all.
func TestClosedStdoutIsAnError(t *testing.T) {
	const child = "DESTINATION_WEBHOOK_STDOUT"
	if want := os.Getenv(child); want != "" {
		_, err := stdout().Write([]byte("{}\n"))
		if closed := errors.Is(err, os.ErrClosed); closed != (want == "closed") {
			t.Errorf("error %v", err)
		}
		return
	}
	for want, redirection := range map[string]string{"closed": ">&-", "null": ">/dev/null"} {
		c := exec.CommandContext(t.Context(), "sh", "-c", `exec "$0" -test.run '^TestClosedStdoutIsAnError$' `+redirection, os.Args[0])
		c.Env = append(os.Environ(), child+"="+want)
		text, err := c.CombinedOutput()
		if told := strings.Contains(string(text), closedText); err != nil || told != (want == "closed") {
			t.Errorf("%s: %v: %s", redirection, err, text)
		}
	}
}
