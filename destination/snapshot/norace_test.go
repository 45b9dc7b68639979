//go:build !race

package snapshot

// raced is set if the tests run with the race detector.
const raced = false
