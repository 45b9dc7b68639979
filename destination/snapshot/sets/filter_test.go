package sets

import (
	"fmt"
	"testing"
)

// A filter has all keys that were added, and few others.
func TestFilter(t *testing.T) {
	const n = 100_000 // some layers
	f, wrong := NewFilter(), 0
	key := func(i int) []byte { return fmt.Appendf(nil, "key-%d", i) }
	if f.Has(key(0)) {
		t.Error("an empty filter has a key")
	}
	for i := range n {
		f.Add(key(i))
	}
	for i := range 2 * n {
		switch has := f.Has(key(i)); {
		case i < n && !has:
			t.Errorf("key %d is lost", i)
		case i >= n && has:
			wrong++
		}
	}
	if wrong > n/20 {
		t.Errorf("%d of %d unknown keys are taken for known ones", wrong, n)
	}
}
