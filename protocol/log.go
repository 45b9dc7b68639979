package protocol

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
)

// LogHandler is a slog.Handler that writes LOG messages: the message, then the attributes as
// key=value.
type LogHandler struct {
	w     *Writer
	level slog.Level
	attrs string // of WithAttrs, written out
	group string // of WithGroup: what is written before every key
}

// NewLogHandler returns a handler that drops records below level.
func NewLogHandler(w *Writer, level slog.Level) *LogHandler { return &LogHandler{w: w, level: level} }

// Levels that slog has no name for.
const (
	SlogTrace = slog.LevelDebug - 4
	slogFatal = slog.LevelError + 4
)

// ParseLevel reads the platform's LOG_LEVEL, in any case; what it does not know is INFO.
func ParseLevel(name string) slog.Level {
	switch Level(strings.ToUpper(strings.TrimSpace(name))) {
	case levelFatal:
		return slogFatal
	case levelError:
		return slog.LevelError
	case levelWarn, "WARNING":
		return slog.LevelWarn
	case levelDebug:
		return slog.LevelDebug
	case levelTrace:
		return SlogTrace
	}
	return slog.LevelInfo
}

func levelOf(l slog.Level) Level {
	switch {
	case l < slog.LevelDebug:
		return levelTrace
	case l < slog.LevelInfo:
		return levelDebug
	case l < slog.LevelWarn:
		return levelInfo
	case l < slog.LevelError:
		return levelWarn
	case l < slogFatal:
		return levelError
	}
	return levelFatal
}

// Enabled implements slog.Handler.
func (h *LogHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// Handle implements slog.Handler.
func (h *LogHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		writeAttr(&b, h.group, a)
		return true
	})
	return h.w.log(levelOf(r.Level), b.String())
}

// WithAttrs implements slog.Handler.
func (h *LogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	b.WriteString(h.attrs)
	for _, a := range attrs {
		writeAttr(&b, h.group, a)
	}
	c := *h
	c.attrs = b.String()
	return &c
}

// WithGroup implements slog.Handler.
func (h *LogHandler) WithGroup(name string) slog.Handler {
	if name == "" { // slog.Handler asks for it
		return h
	}
	c := *h
	c.group += name + "."
	return &c
}

func writeAttr(b *strings.Builder, group string, a slog.Attr) {
	if a.Equal(slog.Attr{}) {
		return
	}
	value := a.Value.Resolve().String()
	if strings.ContainsAny(value, " \"=\n\t") || value == "" {
		value = strconv.Quote(value)
	}
	b.WriteString(" " + group + a.Key + "=" + value)
}
