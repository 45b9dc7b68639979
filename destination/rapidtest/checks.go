// Package rapidtest bounds how long the tests of properties take.
package rapidtest

import (
	"flag"
	"strconv"
	"testing"

	"destination-webhook/destination/racetest"
)

// Few lowers the number of checks of a property if each takes long, unless -rapid.checks asks for a
// number.
func Few(t *testing.T, n int) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() != checks.DefValue {
		return
	}
	t.Cleanup(func() { _ = checks.Value.Set(checks.DefValue) })
	if err := checks.Value.Set(strconv.Itoa(racetest.Runs(n))); err != nil {
		t.Fatal(err)
	}
}
