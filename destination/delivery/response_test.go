package delivery

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/transport"
)

// A JSON object is read on, to a limit, and says when it goes on after that.
func TestObjectsAreReadUpTo4MiB(t *testing.T) {
	for name, test := range map[string]struct {
		status, size int
		begin        string
		read         int
		truncated    bool
	}{
		"a short object":        {200, 10, "{", 10, false},
		"an object":             {200, 200 << 10, " {", 200 << 10, false},
		"the largest object":    {207, MaxObject, "\r\n{", MaxObject, false},
		"beyond":                {200, MaxObject + 1, "{", MaxObject, true},
		"no object":             {200, maxAnswer, "[", maxAnswer, false},
		"no object, and longer": {200, maxAnswer + 1, "[", maxAnswer, true},
		"an object in an error": {400, 200 << 10, "{", maxAnswer, true},
	} {
		t.Run(name, func(t *testing.T) {
			body := test.begin + strings.Repeat("x", test.size-len(test.begin))
			data, cut, err := read(reply(test.status, body), nil, func() {})
			if err != nil || len(data) != test.read || cut != test.truncated {
				t.Errorf("read %d bytes, cut %v, %v, want %d, %v", len(data), cut, err, test.read, test.truncated)
			}
		})
	}
}

// An answer that broke off is no refusal, which would cost a row. A status that says all by itself
// stands.
func TestHalfAnAnswerRefusesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		status   int
		want     answer.Kind
		attempts int
	}{
		"refused": {400, answer.Transient, 3}, "conflict": {409, answer.Transient, 3}, "too large": {413, answer.TooLarge, 1},
		"unauthorized": {401, answer.Misconfigured, 1}, "failed": {500, answer.Transient, 3}, "taken": {200, answer.Transient, 3},
	} {
		for end, fault := range map[string]error{"closed": io.ErrUnexpectedEOF, "stalls": context.DeadlineExceeded} {
			t.Run(name+", "+end, func(t *testing.T) {
				o := Options{Retry: brief, RedactCut: masks("hunter"), Transport: script(func() (*http.Response, error) {
					res := reply(test.status, "")
					res.Body = io.NopCloser(io.MultiReader(strings.NewReader("you sent hunter"), iotest.ErrReader(fault)))
					res.ContentLength = 60000
					return res, nil
				})}
				_, err := New(o).Deliver(t.Context(), post("{}"))
				f := failureOf(t, err)
				if f.Kind != test.want || f.Attempts != test.attempts {
					t.Errorf("%v after %d attempts: %v", f.Kind, f.Attempts, f)
				}
				if f.Excerpt != "you sent [redacted]" {
					t.Errorf("half a secret is shown: %s", f.Excerpt)
				}
			})
		}
	}
}

// net/http quotes the line at which a connection broke.
func TestHalfALineIsRedacted(t *testing.T) {
	for _, line := range []string{"HTTP/1.1 200 OK\r\nyou sent hunter", "hunter"} {
		address := raw(t, func(c *net.TCPConn, _ int) { _, _ = io.WriteString(c, line) })
		o := Options{RedactCut: func(s string) string { return strings.TrimSuffix(s, "hunter") + "[redacted]" }}
		_, err := over(t, o, transport.Options{}).Deliver(t.Context(), to(address, ""))
		if text := failureOf(t, err).Error(); strings.Contains(text, "hunter") || !strings.Contains(text, `[redacted]"`) {
			t.Errorf("half a secret is shown: %s", text)
		}
	}
}

func TestLongAnswerIsRedactedAsOneThatBrokeOff(t *testing.T) {
	secret := "hunter2-and-more"
	o := Options{Retry: brief, Redact: masks(secret), RedactCut: func(s string) string { return masks(secret)(s) + "|" }}
	for body, cut := range map[string]bool{"short " + secret: false, strings.Repeat(" ", maxAnswer) + "x": true} {
		o.Transport = script(func() (*http.Response, error) { return reply(400, body), nil })
		_, err := New(o).Deliver(t.Context(), post("{}"))
		if f := failureOf(t, err); strings.HasSuffix(f.Excerpt, "|") != cut {
			t.Errorf("%.10s…: got %q", body, f.Excerpt)
		}
	}
}
