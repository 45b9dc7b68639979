//go:build !linux

package foldertest

import "testing"

// Small skips the test: only Linux is known to mount a file system in memory.
func Small(t testing.TB, _ int) string {
	t.Helper()
	Mount(t, "", 0)
	return ""
}

// Mount skips the test, as Small does.
func Mount(t testing.TB, _ string, _ int) {
	t.Helper()
	t.Skip("a small file system is mounted on Linux only")
}
