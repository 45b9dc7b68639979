package main

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// nullDevice is the number of /dev/null.
const nullDevice = 1<<8 | 3

// closedText is for stderr, as the error that follows cannot be told on stdout.
const closedText = "stdout is closed, or a /dev/null that is open for reading and writing, so states would be lost: give it a pipe or a file, or discard them by > /dev/null"

// stdout returns where messages go. If the process was started with a closed stdout, Go's runtime
// has opened /dev/null in its place, for reading and writing: states would be lost there without an
// error. Then each write to the result is one. A shell that redirects to /dev/null opens it for
// writing alone.
func stdout() io.Writer {
	var s syscall.Stat_t
	if syscall.Fstat(1, &s) != nil || s.Mode&syscall.S_IFMT != syscall.S_IFCHR || s.Rdev != nullDevice {
		return os.Stdout
	}
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, 1, syscall.F_GETFL, 0)
	if errno == 0 && flags&syscall.O_ACCMODE == syscall.O_RDWR {
		fmt.Fprintln(os.Stderr, closedText)
		return closed{}
	}
	return os.Stdout
}

// closed is a stdout that is not there.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, os.ErrClosed }
