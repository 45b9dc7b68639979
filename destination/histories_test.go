package destination

import (
	"os"
	"testing"

	"pgregory.net/rapid"

	"destination-webhook/destination/rapidtest"
)

// histories checks a property of histories of syncs, each of which has a folder of its own. checks
// is how many there are, unless -rapid.checks asks for a number.
func histories(t *testing.T, checks int, run func(rt *rapid.T, dir string)) {
	t.Helper()
	rapidtest.Few(t, checks)
	scratch := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(scratch, "") //nolint:usetesting // a folder for each history
		if err != nil {
			rt.Fatal(err)
		}
		run(rt, dir)
	})
}
