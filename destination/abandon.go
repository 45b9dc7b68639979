package destination

import (
	"context"
	"time"
)

// abandonTime is how long a sync may take to end after a signal. It has its own bounds for requests
// in flight and for closing the snapshot, but none for a write to stdout that nobody reads, or for
// a disk that does not answer a read.
const abandonTime = 30 * time.Second

// untilAbandoned returns what f returns. If f is still at work some time after ctx has ended, it
// returns the cause of that, and the process is about to end.
func untilAbandoned(ctx context.Context, f func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(abandonTime)
	defer late.Stop()
	select {
	case err := <-ended:
		return err
	case <-late.C:
		return context.Cause(ctx)
	}
}
