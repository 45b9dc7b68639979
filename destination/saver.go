package destination

import (
	"context"
	"errors"
	"fmt"
	"time"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/snapshot"
)

// saveInterval is how often a snapshot that lives in a bucket is written back during a sync: what
// was confirmed since then is sent again if the process dies.
const saveInterval = time.Minute

// closingTime is how long a snapshot may take to close after a signal.
const closingTime = 15 * time.Second

// fetchedInterval is how often the log says how much of a snapshot has been fetched.
const fetchedInterval = 10 * time.Second

// logFetched returns a function that logs how far a snapshot has been fetched from its bucket: now
// and then, and when it is there.
func logFetched(info func(text string, args ...any)) func(done, total int64) {
	logged := time.Now()
	return func(done, total int64) {
		if now := time.Now(); done == total || now.Sub(logged) >= fetchedInterval {
			logged = now
			info("the snapshot is fetched from its bucket", "bytes", done, "of", total)
		}
	}
}

// closeAfter closes the snapshot after a sync that ended with err, and returns both errors. A
// failure of the disk that ended the sync is not told twice.
func closeAfter(ctx context.Context, store *snapshot.Store, err error) error {
	closing := closeInTime(ctx, store.Close)
	if failure := store.Failure(); failure != nil && errors.Is(err, failure) {
		return err
	}
	return errors.Join(err, closing)
}

// closeInTime closes a store, even after ctx has ended, but not for longer than closingTime then.
func closeInTime(ctx context.Context, closeStore func(context.Context) error) error {
	closing, giveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	defer giveUp(nil)
	defer context.AfterFunc(ctx, func() {
		defer time.AfterFunc(closingTime, func() { giveUp(context.Cause(ctx)) }).Stop()
		<-closing.Done()
	})()
	return closeStore(closing)
}

// saveAtIntervals saves the snapshot while the sync runs. If another sync was first, this one ends
// by cancel: nothing that it still does would be kept. So it does if the program is at fault. Other
// troubles may be over by the next time; what counts is the save at the end.
func saveAtIntervals(ctx context.Context, save func(context.Context) error, warn func(text string, args ...any), cancel context.CancelCauseFunc) (stop func()) {
	ctx, end := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			select {
			case <-time.After(saveInterval):
			case <-ctx.Done():
				return
			}
			switch err := save(ctx); {
			case errors.Is(err, bucket.ErrConflict), errors.As(err, new(*failure.Panic)):
				cancel(fmt.Errorf("snapshot: %w", err))
			case err != nil && ctx.Err() == nil:
				warn("the snapshot could not be saved during the sync, and will be tried again", "error", err)
			}
		}
	}()
	return func() { end(); <-done }
}

// saving saves the store; a panic is an error.
func saving(store *snapshot.Store) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		defer failure.RecoverTo(&err)
		return store.Save(ctx)
	}
}
