//go:build race

package racetest

// Enabled reports whether the tests run with the race detector.
const Enabled = true
