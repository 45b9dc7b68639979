package payload

import "testing"

// The hash is part of what makes a resumed sync send the same batches: another one would change the
// id of each of them.
func TestKeyHashStays(t *testing.T) {
	if got, want := NewKeyHash("https://example.com/hook", "").Of([]byte(`"user-1"`)), uint64(0x1783c23cbcb04be5); got != want {
		t.Errorf("hash %#x, want %#x", got, want)
	}
}

func TestKeyHashIsOneOfItsSecrets(t *testing.T) {
	seen := make(map[uint64][]string)
	for _, secrets := range [][]string{{"a", "b"}, {"b", "a"}, {"ab"}, {"ab", ""}, {"", "ab"}, {}} {
		h := NewKeyHash(secrets...).Of([]byte(`"user-1"`))
		if other, twice := seen[h]; twice {
			t.Errorf("%q and %q make one hash", secrets, other)
		}
		seen[h] = secrets
	}
}
