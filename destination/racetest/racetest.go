// Package racetest says whether the tests run with the race detector, and how many inputs they take
// then.
//
// Continuous integration runs all tests twice, without it and with it. The second time looks for
// races, which a part of the random inputs shows as well as all of them, and each takes ten times as
// long. A program that a test starts does not have the detector at all.
package racetest

// Runs returns how many of n random inputs a test takes: all of them, or a quarter with the race
// detector.
func Runs(n int) int {
	if Enabled {
		return max(n/4, min(n, 3))
	}
	return n
}
