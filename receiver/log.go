package receiver

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"destination-webhook/receiver/journal"
)

// lineWriter prints one plain line per request. It is safe for concurrent use.
type lineWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func newLineWriter(w io.Writer) *lineWriter { return &lineWriter{w: w} }

func (l *lineWriter) write(q *Request) {
	if l.w == nil {
		return
	}
	line := line(q)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = io.WriteString(l.w, line) // nobody is left to report it to
}

// say prints a line that is not about one request.
func (l *lineWriter) say(text string) {
	if l.w == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = io.WriteString(l.w, text+"\n")
}

// line describes a request for a terminal.
func line(q *Request) string {
	parts := []string{q.Time.Format("15:04:05.000"), status(q), plain(q.Method), plain(journal.Short(path(q.URL), journal.MaxURL))}
	if q.Stream != "" {
		parts = append(parts, plain(q.Stream))
	}
	if q.SyncMode != "" {
		parts = append(parts, q.SyncMode, fmt.Sprintf("%d rows", q.Rows))
	}
	parts = append(parts, bytesText(q.Bytes), q.Duration.Round(time.Millisecond/10).String())
	if q.Attempt > 1 {
		parts = append(parts, fmt.Sprintf("attempt %d", q.Attempt))
	}
	if q.Duplicate {
		parts = append(parts, "duplicate")
	}
	if n := len(q.Rejected); n > 0 {
		parts = append(parts, fmt.Sprintf("%d rejected", n))
	}
	if q.Fault != "" {
		parts = append(parts, "fault "+q.Fault)
	}
	if q.Signature != "" && q.Signature != SignatureValid {
		parts = append(parts, "signature: "+plain(q.Signature))
	}
	if q.Problem != "" {
		parts = append(parts, plain(q.Problem))
	}
	return strings.Join(parts, "  ") + "\n"
}

func status(q *Request) string {
	if q.Status == 0 {
		return "---"
	}
	return strconv.Itoa(q.Status)
}

// path leaves out the query, because endpoints keep tokens there.
func path(url string) string {
	path, _, _ := strings.Cut(url, "?")
	return path
}

// plain quotes text from the wire that could control the terminal or hide what it says.
func plain(s string) string {
	quoted := strconv.Quote(s)
	if quoted == `"`+s+`"` {
		return s
	}
	return quoted
}

// bytesText returns a size in the decimal units of storage.
func bytesText(n int64) string {
	const units = "kMGT"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1000, 0
	for value >= 999.5 && unit < len(units)-1 {
		value, unit = value/1000, unit+1
	}
	return fmt.Sprintf("%.3g %cB", value, units[unit])
}
