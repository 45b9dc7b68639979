package destination

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/failure"
)

// bomb panics wherever it is used.
type bomb struct{}

func (bomb) Read([]byte) (int, error)  { panic("hunter2") }
func (bomb) Write([]byte) (int, error) { panic("hunter2") }

func requireCrash(t *testing.T, err error) {
	t.Helper()
	if c := (*failure.Panic)(nil); !errors.As(err, &c) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want a crash that does not show its value", err)
	}
}

// A panic while the snapshot is saved ends the sync as an error: Go's own report would show its
// value.
func TestPanicOfSavingIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := saveAtIntervals(ctx, saving(nil), func(text string, args ...any) { t.Log(text, args) }, cancel)
		time.Sleep(saveInterval + time.Second)
		stop()
		requireCrash(t, context.Cause(ctx))
	})
}

func TestPanicOfPreviewingIsAnError(t *testing.T) {
	requireCrash(t, new(previewer).send(t.Context(), nil).Err)
}

func TestPanicsOfCommandsAreErrors(t *testing.T) {
	dir := t.TempDir()
	config, catalog := filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json")
	for name, text := range map[string]string{config: `{"url":"http://127.0.0.1:1"}`, catalog: usersRefresh} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, run := range map[string]func(p *Program) error{
		"write":   func(p *Program) error { return p.Write(t.Context(), config, catalog) },
		"preview": func(p *Program) error { return p.Preview(t.Context(), config, catalog, false) },
		"schema":  func(p *Program) error { return p.Schema(config, catalog, false) },
		"check":   func(p *Program) error { _, err := p.Check(t.Context(), config); return err },
	} {
		t.Run(name, func(t *testing.T) {
			out := &bytes.Buffer{}
			p := &Program{Spec: configtest.Spec(t), Stdin: bomb{}, Stdout: out, Getenv: func(name string) string {
				if name == "LOG_LEVEL" {
					return ""
				}
				panic("hunter2")
			}}
			err := run(p)
			if name == "check" { // it reports by its message alone
				err = errors.Join(err, errors.New(out.String()))
			} else {
				requireCrash(t, err)
			}
			if text := out.String() + fmt.Sprint(err); strings.Contains(text, "hunter2") || !strings.Contains(text, "please report this") {
				t.Errorf("got %s", text)
			}
		})
	}
	p := &Program{Spec: configtest.Spec(t), Stdin: strings.NewReader(""), Stdout: io.Writer(bomb{}), Getenv: func(string) string { return "" }}
	requireCrash(t, p.Schema(config, catalog, false))
}
