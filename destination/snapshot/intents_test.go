package snapshot

import "testing"

// Two syncs that did not know of each other may note keys with one ordinal. If one of them is seen,
// the other is not.
func TestNotedKeysHaveOrdinalsOfTheirOwn(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	deliver(t, openStream(t, store, "users", 1), "k", `{}`, Added)
	closeStore(t, store)
	store = open(t, dir, Options{})
	defer closeStore(t, store)
	other := &Stream{store: store, id: Identity{Stream: "users", Key: [][]string{{"id"}}}}
	other.meta.Endpoint, other.meta.Key = digestOf(""), keyText(other.id.Key)
	for _, key := range []string{"x", "y"} {
		n, err := parseIntent(other.encodeIntent([]Row{{Key: []byte(key), Version: Version{entry{ordinal: 1}}}}))
		if err != nil {
			t.Fatal(err)
		}
		if err := store.markUncertain(n, nil); err != nil {
			t.Fatal(err)
		}
	}
	stream := openStream(t, store, "users", 2)
	diff(t, stream, "k", `{}`, Unchanged)
	deliver(t, stream, "x", `{}`, Added)
	left(t, stream, "y ")
}
