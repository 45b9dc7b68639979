package remote

import (
	"context"
	"sync"
)

// transfers is how many objects are fetched or uploaded at once.
const transfers = 8

// inParallel calls f for each item, until one call fails, and returns its error. It waits for all
// calls. A panic of f is one of the caller.
func inParallel[T any](ctx context.Context, items []*T, f func(context.Context, *T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan *T)
	var workers sync.WaitGroup
	panics := make(chan any, transfers)
	for range min(transfers, len(items)) {
		workers.Go(func() {
			defer func() {
				if last := recover(); last != nil {
					panics <- last
					cancel(context.Canceled)
				}
			}()
			for item := range next {
				if err := f(ctx, item); err != nil {
					cancel(err)
				}
			}
		})
	}
	handOut(ctx, next, items)
	workers.Wait()
	select {
	case last := <-panics:
		panic(last)
	default:
		return context.Cause(ctx)
	}
}

// handOut sends the items, until ctx ends.
func handOut[T any](ctx context.Context, next chan<- *T, items []*T) {
	defer close(next)
	for _, item := range items {
		select {
		case next <- item:
		case <-ctx.Done():
			return
		}
	}
}
