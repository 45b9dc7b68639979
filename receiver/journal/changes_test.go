package journal

import (
	"testing"
	"time"
)

func TestWakeNotifiesReadersOfChanges(t *testing.T) {
	j := New(1, 1)
	var from Cursor
	_, changed := j.Since(&from, time.Now())
	j.Wake()
	select {
	case <-changed:
	default:
		t.Error("the page learns of new faults with the next heartbeat only")
	}
}
