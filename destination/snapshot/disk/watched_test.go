package disk

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// failing is a file system whose every call does what fault does.
func failing(fault func() error) vfs.FS {
	return errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(errorfs.Op) error { return fault() }))
}

// create makes a file in a folder. It returns only if it has.
func create(f *Folder) error {
	file, err := f.Files().Create(f.Path("file"), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	return file.Close()
}

// The first write that fails ends all work: it is reported once, and nothing is begun any more.
func TestAWriteThatFailsEndsAllWork(t *testing.T) {
	reported := make(chan error, 10)
	f := New(failing(func() error { return syscall.ENOSPC }), "folder", Options{
		MinFree: 64 << 20,
		Fatal:   func(err error) { reported <- err },
	})
	for range 2 {
		err := f.Run(t.Context(), func() error { return create(f) })
		if !errors.Is(err, ErrFull) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free at least 64 MB in folder") {
			t.Errorf("Run = %v, want that the disk is full", err)
		}
	}
	begun := false
	if err := f.Run(t.Context(), func() error { begun = true; return nil }); begun || err != f.Failure() { //nolint:errorlint // the same one
		t.Errorf("Run = %v, begun: %t; want %v, and nothing begun", err, begun, f.Failure())
	}
	// Run may return before the report.
	if err := <-reported; err != f.Failure() || len(reported) > 0 { //nolint:errorlint // the same one
		t.Errorf("reported %v, and %d times more; want %v once", err, len(reported), f.Failure())
	}
}

// A call that does not return in time is a failure as well.
func TestACallThatDoesNotReturn(t *testing.T) {
	silent := make(chan func(), 1)
	f := New(failing(func() error { (<-silent)(); select {} }), "folder", Options{
		AfterFunc: func(d time.Duration, over func()) (stop func() bool) {
			if d != stallTime {
				t.Errorf("a call has %v", d)
			}
			silent <- over // the time is over once the call is under way
			return func() bool { return true }
		},
	})
	err := f.Run(t.Context(), func() error { return create(f) })
	if !errors.Is(err, ErrFailed) || !errors.Is(err, errStalled) || !strings.Contains(err.Error(), "look at the disk of folder") {
		t.Errorf("Run = %v, want that the disk fails", err)
	}
}

// Of two failures at once the first counts, and it alone is reported.
func TestTheFirstFailureCounts(t *testing.T) {
	var reported []error
	f := New(vfs.NewMem(), "folder", Options{Fatal: func(err error) { reported = append(reported, err) }})
	f.failed(syscall.EIO)
	f.failed(syscall.ENOSPC)
	if len(reported) != 1 || !errors.Is(reported[0], syscall.EIO) || !errors.Is(f.Failure(), syscall.EIO) {
		t.Errorf("reported %v, Failure = %v, want the first", reported, f.Failure())
	}
}

// What is abandoned for another reason than its disk is not reported.
func TestAbandon(t *testing.T) {
	f := New(vfs.NewMem(), "folder", Options{Fatal: func(err error) { t.Errorf("reported %v", err) }})
	first := errors.New("the first")
	f.Abandon(first)
	f.Abandon(errors.New("the second"))
	if err := f.Run(t.Context(), func() error { return nil }); !errors.Is(err, first) || !errors.Is(f.Failure(), first) {
		t.Errorf("Run = %v, Failure = %v, want the first", err, f.Failure())
	}
}
