package snapshot

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/snapshot/disk"
)

// TestSingleFaultOfTheDisk fails one call to the disk, each in turn: either the sync fails and says
// why, or nothing of it is lost.
func TestSingleFaultOfTheDisk(t *testing.T) {
	if inChild(t) {
		return
	}
	whole := faultyDisk{timers: map[int]func(){}}
	if err := faultySync(t.Context(), &whole); err != nil {
		t.Fatal(err)
	}
	for at := 1; at <= whole.calls; at++ {
		memory := vfs.NewMem()
		faulty := faultyDisk{err: syscall.EIO, from: at, once: true, memory: memory, timers: map[int]func(){}}
		err := faultySync(t.Context(), &faulty)
		if err == nil {
			checkStored(t, memory, at)
		} else if !errors.Is(err, disk.ErrFailed) {
			t.Errorf("call %d: %v", at, err)
		}
	}
}

// checkStored checks that a snapshot has what faultySync stores.
func checkStored(t *testing.T, files vfs.FS, call int) {
	t.Helper()
	store, err := openIn(t.Context(), files, "snapshot", Options{KeepRows: true})
	if err != nil {
		t.Errorf("call %d failed, and the next sync: %v", call, err)
		return
	}
	defer closeStore(t, store)
	stream := openStream(t, store, "users", 1)
	for i := range 4 {
		if change, _, err := stream.Diff(fmt.Appendf(nil, "%d", i), []byte(`{}`)); change != Unchanged || err != nil {
			t.Errorf("call %d failed, and row %d is %v: %v", call, i, change, err)
		}
	}
}
