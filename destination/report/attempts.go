package report

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// attemptLog logs attempts that failed. Of those that fail in the same way, it logs the first of an
// interval, and how many others there were when the interval ends. It is safe for concurrent use.
type attemptLog struct {
	log *slog.Logger

	mu     sync.Mutex
	failed map[failed]int // since flush
	paused map[string]int // successes that ask for a long pause, by host
}

// failed is how attempts failed.
type failed struct{ host, advice string }

// longPause is the shortest pause after a success that a user may take for a hung sync.
const longPause = 10 * time.Second

// warn logs an attempt that failed and is followed by another, and the first success of a host that
// asks for a long pause.
func (l *attemptLog) warn(a delivery.Attempt) {
	if a.Err == nil && a.Pause < longPause {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.Pause >= longPause {
		l.warnPause(a)
	}
	if a.Err == nil || a.Final {
		return
	}
	if l.failed == nil {
		l.failed = make(map[failed]int)
	}
	how := failed{a.Host, a.Advice}
	if l.failed[how]++; l.failed[how] == 1 {
		l.log.Warn("an attempt failed, the next one follows", "attempt", a.N, "webhook_id", a.ID, "wait", a.Wait.Round(time.Millisecond), "error", a.Err)
	}
}

func (l *attemptLog) warnPause(a delivery.Attempt) {
	if l.paused == nil {
		l.paused = make(map[string]int)
	}
	if l.paused[a.Host]++; l.paused[a.Host] == 1 {
		l.log.Warn("the endpoint's rate limit is used up, so requests pause; later pauses are counted, and not logged", "endpoint", a.Host, "status", a.Status, "wait", a.Pause.Round(time.Second))
	}
}

// end ends the interval and the sync.
func (l *attemptLog) end() {
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, host := range slices.Sorted(maps.Keys(l.paused)) {
		l.log.Warn("the sync paused because the endpoint's rate limit was used up", "endpoint", host, "requests", l.paused[host])
	}
}

// flush ends the interval.
func (l *attemptLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	byHost := func(a, b failed) int {
		return cmp.Or(strings.Compare(a.host, b.host), strings.Compare(a.advice, b.advice))
	}
	for _, how := range slices.SortedFunc(maps.Keys(l.failed), byHost) {
		if n := l.failed[how] - 1; n > 0 {
			l.log.Warn("more attempts failed in the same way", "attempts", n, "endpoint", how.host, "advice", how.advice)
		}
	}
	l.failed = nil
}

// debug logs an attempt whatever came of it, and, if everything is logged, its headers.
func (l *attemptLog) debug(r *route.Route, rows int, a delivery.Attempt) {
	if !l.log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	l.log.Debug("attempt", "stream", r.Title(), "attempt", a.N, "webhook_id", a.ID, "rows", rows, "bytes", a.Bytes,
		"status", a.Status, "latency", a.Latency.Round(time.Millisecond))
	if l.log.Enabled(context.Background(), protocol.SlogTrace) {
		l.log.Log(context.Background(), protocol.SlogTrace, "headers of an attempt", "webhook_id", a.ID, "headers", maskedHeader(a.Header))
	}
}

// publicHeaders have values that hold no secret.
var publicHeaders = []string{"Content-Type", "Content-Encoding", "Webhook-Id", "Webhook-Timestamp", "Traceparent"}

func maskedHeader(h http.Header) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		value := redact.Stars
		if strings.HasPrefix(name, "Airbyte-") || slices.Contains(publicHeaders, name) {
			value = strings.Join(h[name], ", ")
		}
		parts = append(parts, name+": "+value)
	}
	return strings.Join(parts, "; ")
}
