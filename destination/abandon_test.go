package destination

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestSyncThatDoesNotHearASignalIsAbandoned(t *testing.T) {
	signal, own := errors.New("stopped by a signal"), errors.New("its own")
	for name, test := range map[string]struct {
		signal, ends time.Duration // after the start
		want         error
		took         time.Duration
	}{
		"it ends":                 {signal: time.Hour, ends: time.Minute, want: own, took: time.Minute},
		"it hears the signal":     {signal: time.Minute, ends: time.Minute + 10*time.Second, want: own, took: 70 * time.Second},
		"nobody reads its output": {signal: time.Minute, ends: time.Hour, want: signal, took: time.Minute + abandonTime},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancelCause(t.Context())
				time.AfterFunc(test.signal, func() { stop(signal) })
				began := time.Now()
				err := untilAbandoned(ctx, func() error { time.Sleep(test.ends); return own })
				if took := time.Since(began); !errors.Is(err, test.want) || took != test.took {
					t.Errorf("it ended with %v after %v", err, took)
				}
				time.Sleep(time.Hour) // until it has returned
			})
		})
	}
}
