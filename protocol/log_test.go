package protocol

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseLevel(t *testing.T) {
	tests := map[string]slog.Level{
		"FATAL": slogFatal, "ERROR": slog.LevelError, "WARN": slog.LevelWarn, "INFO": slog.LevelInfo,
		"DEBUG": slog.LevelDebug, "TRACE": SlogTrace,
		"debug": slog.LevelDebug, "Warning": slog.LevelWarn,
		"": slog.LevelInfo, "loud": slog.LevelInfo,
	}
	for name, want := range tests {
		if got := ParseLevel(name); got != want {
			t.Errorf("ParseLevel(%q) = %v, want %v", name, got, want)
		}
		if got := ParseLevel(" " + name + "\n"); got != want {
			t.Errorf("ParseLevel(%q with space around it) = %v, want %v", name, got, want)
		}
	}
}

// The platform drops every spelling but its own, so that none but these may come out, whatever the
// level.
func TestLogLevels(t *testing.T) {
	want := map[slog.Level]Level{
		-100: levelTrace, SlogTrace: levelTrace, slog.LevelDebug - 1: levelTrace,
		slog.LevelDebug: levelDebug, slog.LevelInfo - 1: levelDebug,
		slog.LevelInfo: levelInfo, slog.LevelWarn - 1: levelInfo,
		slog.LevelWarn: levelWarn, slog.LevelError - 1: levelWarn,
		slog.LevelError: levelError, slogFatal - 1: levelError,
		slogFatal: levelFatal, 100: levelFatal,
	}
	for level, want := range want {
		w, out := newTestWriter()
		slog.New(NewLogHandler(w, -1000)).Log(context.Background(), level, "m")
		line := `{"type":"LOG","log":{"level":"` + string(want) + `","message":"m"}}` + "\n"
		if diff := cmp.Diff([]string{line}, out.writes); diff != "" {
			t.Errorf("%v: %s", level, diff)
		}
	}
}

func TestLogThreshold(t *testing.T) {
	levels := []slog.Level{SlogTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, slogFatal}
	for n, threshold := range levels {
		w, out := newTestWriter()
		log := slog.New(NewLogHandler(w, threshold)).With("a", 1).WithGroup("g")
		for _, level := range levels {
			log.Log(context.Background(), level, "m")
		}
		if got, want := len(out.writes), len(levels)-n; got != want {
			t.Errorf("threshold %v: %d messages, want %d", threshold, got, want)
		}
	}
}

func TestLogAttributes(t *testing.T) {
	tests := []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{"none", func(l *slog.Logger) { l.Info("start") }, `start`},
		{"kinds", func(l *slog.Logger) {
			l.Info("m", "s", "x", "n", 12, "f", 0.5, "b", true, "d", 1500*time.Millisecond, "nil", nil, "err", errors.New("boom"))
		}, `m s=x n=12 f=0.5 b=true d=1.5s nil=<nil> err=boom`},
		{"quotes", func(l *slog.Logger) { l.Info("m", "a", "x y", "b", "", "c", "a=b", "d", "1\n2", "e", `"`) },
			`m a=\"x y\" b=\"\" c=\"a=b\" d=\"1\\n2\" e=\"\\\"\"`},
		{"an empty attribute is left out", func(l *slog.Logger) { l.Info("m", slog.Attr{}, slog.Int("n", 1)) }, `m n=1`},
		{"a value that resolves", func(l *slog.Logger) { l.Info("m", "v", resolves{}) }, `m v=resolved`},
		{"With", func(l *slog.Logger) { l.With("stream", "users").With("n", 1).Info("m", "x", 2) }, `m stream=users n=1 x=2`},
		{"WithGroup", func(l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").Info("m", "c", 3)
		}, `m a=1 g.b=2 g.h.c=3`},
		{"a group without a name is none", func(l *slog.Logger) {
			slog.New(l.Handler().WithGroup("")).Info("m", "a", 1)
		}, `m a=1`},
		{"a percent sign is no verb", func(l *slog.Logger) { l.Info("100 %d") }, `100 %d`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, out := newTestWriter()
			tt.log(slog.New(NewLogHandler(w, slog.LevelInfo)))
			want := `{"type":"LOG","log":{"level":"INFO","message":"` + tt.want + `"}}` + "\n"
			if diff := cmp.Diff([]string{want}, out.writes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

type resolves struct{}

func (resolves) LogValue() slog.Value { return slog.StringValue("resolved") }

// Handlers made from one do not write into each other.
func TestLogHandlersAreIndependent(t *testing.T) {
	w, out := newTestWriter()
	base := slog.New(NewLogHandler(w, slog.LevelInfo)).With("a", 1)
	b, c := base.With("b", 2), base.WithGroup("g").With("c", 3)
	for _, log := range []*slog.Logger{base, b, c, base} {
		log.Info("m")
	}
	var want []string
	for _, attrs := range []string{" a=1", " a=1 b=2", " a=1 g.c=3", " a=1"} {
		want = append(want, `{"type":"LOG","log":{"level":"INFO","message":"m`+attrs+`"}}`+"\n")
	}
	if diff := cmp.Diff(want, out.writes); diff != "" {
		t.Error(diff)
	}
}
