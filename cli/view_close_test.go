package cli

import (
	"io"
	"testing"
)

// A process that was told to end does not wait for a reader of its output that never comes.
func TestClosingAViewDoesNotWaitForAWrite(t *testing.T) {
	reader, writer := io.Pipe()
	v := &view{raw: writer}
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = v.write([]byte("{}\n"))
	}()
	for v.mu.TryLock() { // until the write has begun
		v.mu.Unlock()
	}
	v.Close()
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	<-written
}
