package foldertest

import (
	"fmt"
	"syscall"
	"testing"
)

// Small returns a folder on a file system of its own that holds this many bytes. It skips the test
// if no file system may be mounted here.
func Small(t testing.TB, bytes int) string {
	t.Helper()
	dir := t.TempDir()
	Mount(t, dir, bytes)
	return dir
}

// Mount makes a folder a file system that holds this many bytes, until the test ends. It skips the
// test if no file system may be mounted here.
func Mount(t testing.TB, dir string, bytes int) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", bytes)); err != nil {
		t.Skipf("no file system may be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}
