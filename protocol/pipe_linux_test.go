package protocol

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestEnlargePipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	if _, err := unix.FcntlInt(r.Fd(), unix.F_SETPIPE_SZ, pipeSize); err != nil {
		t.Skipf("this system refuses pipes of %d bytes: %v", pipeSize, err)
	}
	if _, err := unix.FcntlInt(r.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	EnlargePipe(r)
	if got, err := unix.FcntlInt(r.Fd(), unix.F_GETPIPE_SZ, 0); err != nil || got != pipeSize {
		t.Errorf("the pipe has %d bytes, %v, want %d", got, err, pipeSize)
	}
}

// What is no pipe is read as it is.
func TestEnlargePipeOfNothing(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/messages")
	if err != nil {
		t.Fatal(err)
	}
	EnlargePipe(file)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	EnlargePipe(file)
	EnlargePipe(strings.NewReader(""))
}
