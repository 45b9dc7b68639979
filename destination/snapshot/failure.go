package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// failure is the end of a store whose disk has failed. The first failure counts, as the database
// must not be used after it. The zero value is not ready.
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

// diskFailed notes that the disk below the store fails. It may be called from any goroutine.
func (s *Store) diskFailed(err error) {
	if err = s.explain(err); errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: a file of it is gone, was it removed during the sync? %w", errFailed, err)
	}
	if s.failure.set(err) && s.options.Fatal != nil {
		s.options.Fatal(s.fail("writing", err))
	}
}

// Failure returns why the store is abandoned, nil if it is not.
func (s *Store) Failure() error { return s.failure.get() }

// run calls f, which works on the database, in a goroutine of its own and returns its error. It
// does not wait for f once the disk has failed or ctx has ended: f may then never return, and the
// store is abandoned.
func (s *Store) run(ctx context.Context, f func() error) error {
	if err := s.failure.get(); err != nil {
		return err
	}
	if ctx.Err() != nil { // what is begun goes on after this returns
		s.failure.set(context.Cause(ctx))
		return s.failure.err
	}
	returned := make(chan error, 1)
	crashed := make(chan any, 1)
	go func() {
		defer func() {
			if last := recover(); last != nil {
				crashed <- last
			}
		}()
		returned <- f()
	}()
	select {
	case err := <-returned:
		return s.explain(err)
	case last := <-crashed:
		return s.crashed(last)
	case <-s.failure.done:
		return s.failure.err
	case <-ctx.Done():
		s.failure.set(context.Cause(ctx))
		return s.failure.err
	}
}

// crashed turns a panic of the database into a failure. It panics with the errors of the disk that
// it has no other use for; any other value is passed on.
func (s *Store) crashed(last any) error {
	err, isError := last.(error)
	if _, isFault := last.(runtime.Error); !isError || isFault {
		panic(last)
	}
	s.diskFailed(err)
	return s.failure.err
}

// logger keeps the database's own log, which nobody asked for, off stderr.
type logger struct{ store *Store }

func (logger) Infof(string, ...any)  {}
func (logger) Errorf(string, ...any) {}

// Fatalf is how the database reports that it cannot go on. It must not return, and a panic would
// end the process: the database calls it with its locks held and not held. So the goroutine stops
// here, and run does not wait for it.
func (l logger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	for _, arg := range args {
		if cause, ok := arg.(error); ok {
			err = cause // it says more than the text, which only shows it
		}
	}
	l.store.diskFailed(err)
	select {}
}

func (s *Store) events() *pebble.EventListener {
	return &pebble.EventListener{
		// A flush or compaction that fails is tried again forever, while writes wait for it.
		BackgroundError: s.diskFailed,
		// Reading damaged data returns an error; the default would end the process as well.
		DataCorruption: func(pebble.DataCorruptionInfo) {},
	}
}
