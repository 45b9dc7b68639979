//go:build !linux

package foldertest

import "testing"

// Small skips the test: only Linux is known to mount a file system in memory.
func Small(t testing.TB, _ int) string {
	t.Helper()
	t.Skip("a small file system is mounted on Linux only")
	return ""
}
