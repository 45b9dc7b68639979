package protocol

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// pipeSize is the largest pipe an unprivileged process may ask for by default
// (/proc/sys/fs/pipe-max-size).
const pipeSize = 1 << 20

// EnlargePipe makes the kernel's buffer of a pipe as large as it may be, so that writer and reader
// change places less often. It is a courtesy: if r is no pipe or the system refuses, all stays
// as it was.
func EnlargePipe(r io.Reader) {
	file, ok := r.(*os.File)
	if !ok {
		return
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) })
}
