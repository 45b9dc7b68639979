package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync"
)

// failure is the end of all work in a folder. The first failure counts, as the database must not be
// used after it. The zero value is not ready.
type failure struct {
	once sync.Once
	done chan struct{} // closed after err is set
	err  error
}

func (f *failure) set(err error) (first bool) {
	f.once.Do(func() { f.err, first = err, true; close(f.done) })
	return first
}

// get returns the failure, or nil.
func (f *failure) get() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

// failed notes that the disk below the folder fails. It may be called from any goroutine.
func (f *Folder) failed(err error) {
	if err = f.Explain(err); errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: a file of it is gone, was it removed during the sync? %w", ErrFailed, err)
	}
	if f.failure.set(err) && f.options.Fatal != nil {
		f.options.Fatal(err)
	}
}

// Abandon ends all work in the folder with an error, unless it has ended. It does not call Fatal.
func (f *Folder) Abandon(err error) { f.failure.set(err) }

// Failure returns why the folder is abandoned, nil if it is not.
func (f *Folder) Failure() error { return f.failure.get() }

// Run calls work, which works in the folder, in a goroutine of its own and returns its error. It
// does not wait for it once the disk has failed or ctx has ended: work may then never return, and
// the folder is abandoned.
func (f *Folder) Run(ctx context.Context, work func() error) error {
	if err := f.failure.get(); err != nil {
		return err
	}
	if ctx.Err() != nil { // what is begun goes on after this returns
		f.failure.set(context.Cause(ctx))
		return f.failure.err
	}
	returned := make(chan error, 1)
	crashed := make(chan any, 1)
	go func() {
		defer func() {
			if last := recover(); last != nil {
				crashed <- last
			}
		}()
		returned <- work()
	}()
	select {
	case err := <-returned:
		return f.Explain(err)
	case last := <-crashed:
		return f.crashed(last)
	case <-f.failure.done:
		return f.failure.err
	case <-ctx.Done():
		f.failure.set(context.Cause(ctx))
		return f.failure.err
	}
}

// crashed turns a panic of the database into a failure. It panics with the errors of the disk that
// it has no other use for; any other value is passed on.
func (f *Folder) crashed(last any) error {
	err, isError := last.(error)
	if _, isFault := last.(runtime.Error); !isError || isFault {
		panic(last)
	}
	f.failed(err)
	return f.failure.err
}
