package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"destination-webhook/destination/printable"
	"destination-webhook/destination/report"
)

// view shows the messages of a command to a person, and keeps its progress on the last line of the
// terminal. It is safe for concurrent use.
type view struct {
	mu       sync.Mutex
	raw      io.Writer // where messages go as they are; nil: nowhere
	text     io.Writer // where they go as text; nil: nowhere
	all      bool      // show all messages as text, not only those that need attention
	color    bool
	progress progressLine
	now      func() time.Time
}

// messages returns the writer of protocol messages, which come as whole lines.
func (v *view) messages() io.Writer { return writerFunc(v.write) }

// console returns where a person watches the sync; nil if nobody does.
func (v *view) console() report.Console {
	if v.text == nil {
		return nil
	}
	return v
}

// ShowsLog implements report.Console.
func (v *view) ShowsLog() bool { return v.all }

// Print shows text that stays above the progress.
func (v *view) Print(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.text == nil {
		return
	}
	v.progress.clear()
	defer v.progress.draw()
	_, _ = io.WriteString(v.text, text)
}

// Close removes the progress, unless a write holds the view that nobody reads: the process is about
// to end, and must not wait for it.
func (v *view) Close() {
	if v.mu.TryLock() {
		defer v.mu.Unlock()
		v.replace("")
	}
}

// Progress replaces the progress.
func (v *view) Progress(line string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.replace(line)
}

func (v *view) replace(line string) {
	v.progress.clear()
	v.progress.text = line
	v.progress.draw()
}

// write passes messages on. Only what cannot be written to stdout is an error.
func (v *view) write(lines []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text := ""
	if v.text != nil {
		text = v.format(lines)
	}
	if text == "" && terminal(v.raw) == nil && v.raw != nil {
		return v.raw.Write(lines)
	}
	v.progress.clear()
	defer v.progress.draw()
	if v.raw != nil {
		if _, err := v.raw.Write(lines); err != nil {
			return 0, err
		}
	}
	if v.text != nil {
		if _, err := io.WriteString(v.text, text); err != nil && v.raw == nil {
			return 0, err
		}
	}
	return len(lines), nil
}

// format returns messages as text, one or more lines each.
func (v *view) format(lines []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(lines) {
		var m message
		if json.Unmarshal(line, &m) != nil {
			continue
		}
		if label, text := m.describe(v.all); text != "" {
			fmt.Fprintf(&b, "%s  %s  %s\n", v.now().Format(time.TimeOnly), v.paint(label), printable.Text(text))
		}
	}
	return b.String()
}

// paint pads a label, and colors those that need attention.
func (v *view) paint(label string) string {
	padded := fmt.Sprintf("%-5s", label)
	if code := colors[label]; v.color && code != "" {
		return "\x1b[" + code + "m" + padded + "\x1b[0m"
	}
	return padded
}

var colors = map[string]string{"ERROR": "31", "FATAL": "31", "FAILED": "31", "WARN": "33", "STATE": "2", "DEBUG": "2", "TRACE": "2"}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
