package disk

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Work that is begun goes on after the caller has left, so none is begun for one that has left.
func TestNothingIsBegunAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, end := context.WithCancel(t.Context())
		end()
		begun := false
		f := New(vfs.NewMem(), "", Options{})
		err := f.Run(ended, func() error { begun = true; return nil })
		synctest.Wait()
		if begun || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, begun: %t; want the end of the context, and nothing begun", err, begun)
		}
	})
}
