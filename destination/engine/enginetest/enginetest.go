// Package enginetest sets how many goroutines decode the input of a sync in a test.
package enginetest

import (
	"runtime"
	"testing"
)

// OnCores gives a test as many cores as it asks for, and with them as many decoders. On one core
// the goroutine that compares rows decodes them itself.
func OnCores(t *testing.T, n int) {
	t.Helper()
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}
