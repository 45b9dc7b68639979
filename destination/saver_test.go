package destination

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"destination-webhook/destination/bucket"
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

// A sync outlives a bucket that fails temporarily, and ends when another one has taken its place.
func TestSaveAtIntervals(t *testing.T) {
	passing := errors.New("503")
	for name, test := range map[string]struct {
		outcomes []error // of the saves; the sync stops before the next one
		warnings int
		cause    error
	}{
		"all is well":            {[]error{nil, nil, nil}, 0, nil},
		"a failure in passing":   {[]error{passing, nil, passing}, 2, nil},
		"another sync was first": {[]error{nil, fmt.Errorf("saving: %w", bucket.ErrConflict)}, 0, bucket.ErrConflict},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				saves, warnings := 0, 0
				save := func(context.Context) error { saves++; return test.outcomes[saves-1] }
				stop := saveAtIntervals(ctx, save, func(string, ...any) { warnings++ }, cancel)
				time.Sleep(saveInterval*3 + saveInterval/2)
				stop()
				if saves != len(test.outcomes) || warnings != test.warnings {
					t.Errorf("%d saves and %d warnings, want %d and %d", saves, warnings, len(test.outcomes), test.warnings)
				}
				if cause := context.Cause(ctx); !errors.Is(cause, test.cause) {
					t.Errorf("the sync ends by %v, want %v", cause, test.cause)
				}
			})
		})
	}
}

// A save under way when the sync ends is cut short, and that is nobody's trouble.
func TestSaveIsCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		save := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		stop := saveAtIntervals(t.Context(), save,
			func(text string, args ...any) { t.Error(text, args) }, func(cause error) { t.Error(cause) })
		time.Sleep(2 * saveInterval)
		stop()
	})
}

// An opening logs what it has fetched every ten seconds, and the whole.
func TestFetchedIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		fetched := logFetched(func(text string, args ...any) { lines = append(lines, fmt.Sprintln(append([]any{text}, args...)...)) })
		for done := int64(1); done <= 25; done++ {
			time.Sleep(time.Second)
			fetched(done*1e6, 25e6)
		}
		want := []string{
			"the snapshot is fetched from its bucket bytes 10000000 of 25000000\n",
			"the snapshot is fetched from its bucket bytes 20000000 of 25000000\n",
			"the snapshot is fetched from its bucket bytes 25000000 of 25000000\n",
		}
		if !slices.Equal(lines, want) {
			t.Errorf("logged %q", lines)
		}
	})
}
