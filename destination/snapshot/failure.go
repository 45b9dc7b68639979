package snapshot

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// errFailed is the error of a store whose disk has failed: a full one, as a rule.
var errFailed = errors.New("its disk does not take writes any more: make room, and the next sync sends again what is not stored")

// broke takes the news that the disk below the store fails, from any goroutine.
func (s *Store) failWith(err error) {
	err = fmt.Errorf("%w: %w", errFailed, err)
	if s.failed.CompareAndSwap(nil, &err) && s.options.Fatal != nil {
		s.options.Fatal(s.fail("writing", err))
	}
}

// update runs one write to the database. After a write failed the database must not be used: it says so with its
// logger's Fatalf, which does not come back, and a write after that would wait for ever.
func (s *Store) update(write func() error) (err error) {
	if failed := s.failed.Load(); failed != nil {
		return *failed
	}
	defer func() {
		switch last := recover().(type) {
		case nil:
		case fatal:
			err = *s.failed.Load()
		default:
			panic(last)
		}
	}()
	return write()
}

func (s *Store) set(key, value []byte, how *pebble.WriteOptions) error {
	return s.update(func() error { return s.db.Set(key, value, how) })
}

func (s *Store) apply(batch *pebble.Batch, how *pebble.WriteOptions) error {
	return s.update(func() error { return batch.Commit(how) })
}

// fatal is the panic by which Fatalf leaves the database.
type fatal struct{ error }

// logger keeps the database's own log, which nobody asked for, off stderr.
type logger struct{ store *Store }

func (logger) Infof(string, ...any)  {}
func (logger) Errorf(string, ...any) {}

func (l logger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	for _, arg := range args {
		if cause, ok := arg.(error); ok {
			err = cause // it says more than the text, which only shows it
		}
	}
	l.store.failWith(err)
	l.store.dead.Store(true)
	panic(fatal{err})
}

func (s *Store) events() *pebble.EventListener {
	return &pebble.EventListener{
		// A flush or compaction that fails is tried again for ever, while writes wait for it.
		BackgroundError: s.failWith,
		// Whoever reads damaged data gets an error; the default would end the process as well.
		DataCorruption: func(pebble.DataCorruptionInfo) {},
	}
}
