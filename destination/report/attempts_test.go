package report

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

func logAt(level slog.Level) (*attemptLog, *bytes.Buffer) {
	var out bytes.Buffer
	return &attemptLog{log: slog.New(protocol.NewLogHandler(protocol.NewWriter(&out), level))}, &out
}

// Eight attempts that one dead endpoint refuses are one warning, and a count at the interval's end.
func TestEqualFailuresAreCounted(t *testing.T) {
	l, out := logAt(slog.LevelInfo)
	for n := range 8 {
		l.warn(delivery.Attempt{N: n + 1, ID: "msg", Host: "http://a", Advice: "the connection was refused", Err: errors.New("refused"), Wait: time.Second})
	}
	l.warn(delivery.Attempt{N: 1, Host: "http://b", Advice: "the connection was refused", Err: errors.New("refused")})
	// Delivered.
	l.warn(delivery.Attempt{N: 2, Host: "http://b"})
	// Told by the sync's end.
	l.warn(delivery.Attempt{N: 3, Host: "http://c", Err: errors.New("fatal"), Final: true})
	l.flush()
	l.flush()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], "an attempt failed, the next one follows attempt=1 webhook_id=msg wait=1s error=refused") || !strings.Contains(lines[2], `more attempts failed in the same way attempts=7 endpoint=http://a advice=\"the connection was refused\"`) {
		t.Errorf("got %q", lines)
	}
}

// A sync that waits for a rate limit says so once for each endpoint, and at its end how often.
func TestLongPausesAfterASuccessAreLogged(t *testing.T) {
	l, out := logAt(slog.LevelInfo)
	for range 3 {
		l.warn(delivery.Attempt{N: 1, Host: "http://a", Status: 200, Pause: time.Minute, Final: true})
		l.warn(delivery.Attempt{N: 1, Host: "http://b", Status: 200, Pause: time.Second, Final: true})
	}
	l.end()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "endpoint=http://a status=200 wait=1m0s") || !strings.Contains(lines[1], "endpoint=http://a requests=3") {
		t.Errorf("got %q", lines)
	}
}

func TestAttemptsInTheDebugLog(t *testing.T) {
	a := delivery.Attempt{N: 2, ID: "msg_1", Status: 503, Bytes: 900, Latency: 12 * time.Millisecond, Header: http.Header{
		"Content-Type": {"application/json"}, "X-Api-Key": {"hunter2"}, "Webhook-Signature": {"v1,hunter2"}, "Airbyte-Stream": {"users"},
	}}
	const attempt = "attempt stream=users attempt=2 webhook_id=msg_1 rows=7 bytes=900 status=503 latency=12ms"
	const headers = `headers of an attempt webhook_id=msg_1 headers=\"Airbyte-Stream: users; Content-Type: application/json; Webhook-Signature: ********; X-Api-Key: ********\"`
	for level, want := range map[slog.Level][]string{slog.LevelInfo: nil, slog.LevelDebug: {attempt}, protocol.SlogTrace: {attempt, headers}} {
		l, out := logAt(level)
		l.debug(&route.Route{Stream: protocol.StreamDescriptor{Name: "users"}}, 7, a)
		if got := strings.Count(out.String(), "\n"); got != len(want) {
			t.Errorf("%v: %d messages, want %d", level, got, len(want))
		}
		for _, text := range want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%v: no %q in %s", level, text, out)
			}
		}
	}
}
