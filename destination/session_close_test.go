package destination

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestClosingEndsAfterASignal(t *testing.T) {
	hangs := func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
	signal := errors.New("stopped by a signal")
	for name, before := range map[string]time.Duration{"the signal came first": 0, "the signal comes later": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancelCause(t.Context())
				time.AfterFunc(before, func() { stop(signal) })
				began := time.Now()
				if err := closeInTime(ctx, hangs); !errors.Is(err, signal) {
					t.Errorf("closing ends with %v", err)
				}
				if took := time.Since(began); took != before+closingTime {
					t.Errorf("closing took %v", took)
				}
			})
		})
	}
}
