package snapshot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"destination-webhook/destination/folder/foldertest"
	"destination-webhook/destination/racetest"
	"destination-webhook/destination/snapshot/disk"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// leakVariable tells the test binary, started by itself, that it may leave goroutines behind, as
// failed databases do.
const leakVariable = "SNAPSHOT_LEAK"

// inChild runs a test in a process of its own, which has as long as this one has left. It returns
// false in that process.
func inChild(t *testing.T) bool {
	t.Helper()
	if os.Getenv(leakVariable) != "" {
		return false
	}
	timeout := time.Duration(0) // none
	if deadline, limited := t.Deadline(); limited {
		timeout = time.Until(deadline)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout="+timeout.String())
	child.Env = append(os.Environ(), leakVariable+"=1")
	if output, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return true
}

// faultyDisk fails from a call on: with err, or by not returning at all. It counts calls from the
// start.
type faultyDisk struct {
	mu      sync.Mutex
	calls   int
	from    int // the first call that fails; 0: none does
	once    bool
	err     error
	hangs   bool
	memory  vfs.FS // nil: a new one
	timers  map[int]func()
	stuck   int
	timeout int
}

func (d *faultyDisk) files() vfs.FS {
	if d.memory == nil {
		d.memory = vfs.NewMem()
	}
	return errorfs.Wrap(d.memory, errorfs.InjectorFunc(d.inject))
}

// after takes the place of the clock: the time is over for calls in progress once one hangs.
func (d *faultyDisk) after(_ time.Duration, f func()) (stop func() bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.timeout++
	n := d.timeout
	d.timers[n] = f
	return func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.timers, n)
		return true
	}
}

func (d *faultyDisk) inject(errorfs.Op) error {
	d.mu.Lock()
	d.calls++
	if d.from == 0 || d.calls < d.from || d.once && d.calls > d.from {
		d.mu.Unlock()
		return nil
	}
	if !d.hangs {
		d.mu.Unlock()
		return d.err
	}
	var over []func()
	for _, f := range d.timers {
		over = append(over, f)
	}
	d.stuck++
	d.mu.Unlock()
	for _, f := range over {
		f()
	}
	select {}
}

// faultySync is a sync in which every kind of call to the disk occurs. It returns the first error.
func faultySync(ctx context.Context, d *faultyDisk) error {
	s := newStore(d.files(), "snapshot", Options{KeepRows: true}, disk.Options{AfterFunc: d.after})
	if err := s.disk.Run(ctx, s.open); err != nil {
		return errors.Join(s.fail("opening", err), s.release())
	}
	err := faultyStream(ctx, s)
	return errors.Join(err, s.Close(ctx))
}

func faultyStream(ctx context.Context, s *Store) error {
	stream, err := s.Stream(ctx, Identity{Stream: "users", Title: "users", Key: [][]string{{"id"}}}, 1)
	if err != nil {
		return err
	}
	for i := range 4 {
		key := fmt.Appendf(nil, "%d", i)
		_, version, err := stream.Diff(key, []byte(`{}`))
		if err != nil {
			return err
		}
		batch, err := stream.Begin(ctx, []Row{{Key: key, Version: version, Data: []byte(`{}`)}})
		if err != nil {
			return err
		}
		if err := batch.Confirm(); err != nil {
			return err
		}
		if err := s.update(s.local.Flush); err != nil {
			return err
		}
	}
	return nil
}

// TestFaultsOfTheDisk fails every call to the disk in turn, in opening, writing, flushing and
// closing. Each time the sync ends, and says what to do.
func TestFaultsOfTheDisk(t *testing.T) {
	if inChild(t) {
		return
	}
	for name, fault := range map[string]struct {
		err  error
		hang bool
		want error
		says string
	}{
		"full":          {syscall.ENOSPC, false, disk.ErrFull, "free at least 64 MB in snapshot"},
		"failing":       {syscall.EIO, false, disk.ErrFailed, "look at the disk of snapshot"},
		"no more files": {syscall.EMFILE, false, disk.ErrFailed, "ulimit -n"},
		"silent":        {nil, true, disk.ErrFailed, "look at the disk of snapshot, and the next sync sends again what is not stored: no answer within 1m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := 1
			if racetest.Enabled && name != "full" { // the goroutines are the same in all of them
				step = 4
			}
			whole := faultyDisk{timers: map[int]func(){}}
			if err := faultySync(t.Context(), &whole); err != nil {
				t.Fatal(err)
			}
			failed := 0
			for from := 1; from <= whole.calls; from += step {
				faulty := faultyDisk{err: fault.err, hangs: fault.hang, from: from, timers: map[int]func(){}}
				err := faultySync(t.Context(), &faulty)
				if err == nil {
					// A call whose failure does no harm, such as the removal of a file that is of
					// no use any more.
					continue
				}
				failed++
				if !errors.Is(err, fault.want) || !strings.Contains(err.Error(), fault.says) {
					t.Errorf("call %d: %v, want %q", from, err, fault.says)
				}
			}
			if failed < whole.calls/step*3/4 {
				t.Errorf("of %d calls only %d fail the sync", whole.calls/step, failed)
			}
		})
	}
}

// A signal ends the opening and the closing of a store whose disk does not answer.
func TestSignalsEndTheWaitForTheDisk(t *testing.T) {
	if inChild(t) {
		return
	}
	signal := errors.New("stopped by a signal")
	for _, opened := range []bool{false, true} {
		var silent atomic.Bool
		hung := make(chan struct{}, 1)
		files := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(errorfs.Op) error {
			if silent.Load() {
				select {
				case hung <- struct{}{}:
				default:
				}
				select {}
			}
			return nil
		}))
		ctx, stop := context.WithCancelCause(t.Context())
		go func() { <-hung; stop(signal) }()
		silent.Store(!opened)
		store, err := openIn(ctx, files, "snapshot", Options{})
		if opened {
			if err != nil {
				t.Fatal(err)
			}
			deliver(t, openStream(t, store, "users", 1), "a", `{}`, Added)
			silent.Store(true)
			err = store.Close(ctx)
		}
		if !errors.Is(err, signal) {
			t.Errorf("opened %v: %v", opened, err)
		}
	}
}

// TestFullDisk fails every write to the database's log from some point on: the failure is reported
// once, and every later write fails with it.
func TestFullDisk(t *testing.T) {
	if inChild(t) {
		return
	}
	faulty := faultyDisk{err: syscall.ENOSPC, timers: map[int]func(){}}
	reported := make(chan error, 10)
	store, err := openIn(t.Context(), faulty.files(), "snapshot", Options{Fatal: func(err error) { reported <- err }})
	if err != nil {
		t.Fatal(err)
	}
	stream := openStream(t, store, "users", 1)
	deliver(t, stream, "a", `{}`, Added)
	_, v := diff(t, stream, "b", `{}`, Added)
	faulty.mu.Lock()
	faulty.from = 1
	faulty.mu.Unlock()
	for range 2 {
		if _, err := stream.Begin(t.Context(), []Row{{Key: []byte("b"), Version: v}}); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, disk.ErrFull) {
			t.Errorf("Begin = %v, want that the disk is full", err)
		}
	}
	if err := store.Close(t.Context()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close = %v, want that the disk is full", err)
	}
	if err := <-reported; !errors.Is(err, syscall.ENOSPC) || len(reported) > 0 {
		t.Errorf("reported %v, and %d more", err, len(reported))
	}
}

func TestSpaceIsLookedAtFirst(t *testing.T) {
	dir := filepath.Join(foldertest.Small(t, 30<<20), "not", "yet")
	_, err := Open(t.Context(), dir, Options{})
	for doing, err := range map[string]error{"Open": err, "Probe": Probe(dir)} {
		if !errors.Is(err, disk.ErrFull) || !strings.Contains(err.Error(), "free at least 35 MB in "+dir) {
			t.Errorf("%s on a disk of 30 MB: %v", doing, err)
		}
	}
}

// TestSmallDisk fills a real file system in mid-sync.
func TestSmallDisk(t *testing.T) {
	dir := foldertest.Small(t, 80<<20)
	if inChild(t) {
		return
	}
	failed := make(chan error, 1)
	store, err := Open(t.Context(), dir, Options{KeepRows: true, Fatal: func(err error) { failed <- err }})
	if err != nil {
		t.Fatal(err)
	}
	stream := openStream(t, store, "users", 1)
	row := []byte(`{"text":"` + strings.Repeat("x", 1<<20) + `"}`)
	for i := 0; err == nil; i++ {
		key := fmt.Appendf(nil, "%d", i)
		_, version, _ := stream.Diff(key, row)
		var batch *Batch
		if batch, err = stream.Begin(t.Context(), []Row{{Key: key, Version: version, Data: row}}); err == nil {
			err = batch.Confirm()
		}
	}
	for doing, err := range map[string]error{"a write": err, "Fatal": <-failed, "Close": store.Close(t.Context())} {
		if !errors.Is(err, disk.ErrFull) || !strings.Contains(err.Error(), "MB in "+dir) {
			t.Errorf("%s: %v", doing, err)
		}
	}
}

// TestFolderThatIsRemoved removes the folder of a store in mid-sync.
func TestFolderThatIsRemoved(t *testing.T) {
	if inChild(t) {
		return
	}
	dir := filepath.Join(t.TempDir(), "snapshot")
	store, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, openStream(t, store, "users", 1), "a", `{}`, Added)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(t.Context()); !errors.Is(err, disk.ErrFailed) || !strings.Contains(err.Error(), "was it removed during the sync?") {
		t.Errorf("Close = %v", err)
	}
}
