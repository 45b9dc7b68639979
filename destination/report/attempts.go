package report

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/redact"
	"destination-webhook/protocol"
)

// attemptLog logs attempts that failed. Of those that fail in the same way, it logs the first of an
// interval, and how many others there were when the interval ends. It is safe for concurrent use.
type attemptLog struct {
	log *slog.Logger

	mu     sync.Mutex
	failed map[string]int // since flush, by how they failed
}

// warn logs an attempt that failed and is followed by another.
func (l *attemptLog) warn(a delivery.Attempt) {
	if a.Err == nil || a.Final {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = make(map[string]int)
	}
	key := a.Host + ": " + a.Advice
	if l.failed[key]++; l.failed[key] == 1 {
		l.log.Warn(fmt.Sprintf("attempt %d of %s failed, the next one follows in %v: %v", a.N, a.ID, a.Wait.Round(time.Millisecond), a.Err))
	}
}

// flush ends the interval.
func (l *attemptLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(l.failed)) {
		if n := l.failed[key] - 1; n > 0 {
			l.log.Warn(fmt.Sprintf("%s failed in the same way: %s", count(int64(n), "more attempt"), key))
		}
	}
	l.failed = nil
}

// debug logs an attempt whatever came of it, and, if everything is logged, its headers.
func (l *attemptLog) debug(stream string, rows int, a delivery.Attempt) {
	if !l.log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	l.log.Debug(fmt.Sprintf("stream %s: attempt %d of %s: %s, %d bytes, status %d, %v",
		stream, a.N, a.ID, count(int64(rows), "row"), a.Bytes, a.Status, a.Latency.Round(time.Millisecond)))
	if l.log.Enabled(context.Background(), protocol.SlogTrace) {
		l.log.Log(context.Background(), protocol.SlogTrace, "headers of "+a.ID+": "+maskedHeader(a.Header))
	}
}

// publicHeaders have values that hold no secret.
var publicHeaders = []string{"Content-Type", "Content-Encoding", "Webhook-Id", "Webhook-Timestamp"}

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

// count returns a number with its noun, which takes an s in the plural.
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
