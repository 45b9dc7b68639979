package snapshot

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// TestSnapshotOfTheVersionBefore opens a snapshot whose entries and intents have no revisions.
func TestSnapshotOfTheVersionBefore(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{KeepRows: true})
	stream := openStream(t, store, "users", 1)
	for _, key := range []string{"a", "b"} {
		deliver(t, stream, key, `{"v":0}`, Added)
	}
	stream.Finish(true)
	id, endpoint := stream.meta.ID, stream.meta.Endpoint
	if err := stream.close(); err != nil {
		t.Fatal(err)
	}
	age(t, store, id)
	set := func(key, value []byte) {
		if err := store.local.Set(key, value, pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	intent := appendBytes(appendBytes(appendBytes(nil, []byte("users")), []byte(endpoint)), []byte(`[["id"]]`))
	intent = binary.AppendVarint(intent, 1)
	intent = appendBytes(intent, []byte("b"))
	intent = appendBytes(binary.AppendUvarint(intent, 0), []byte(`{"v":1}`))
	set(intentKey(1), intent)
	set(versionKey, []byte(versionBefore))
	if err := errors.Join(store.db.Close(), store.disk.Unlock()); err != nil {
		t.Fatal(err)
	}

	for generation := range int64(2) {
		store = open(t, dir, Options{KeepRows: true})
		stream = openStream(t, store, "users", generation+2)
		if stream.Origin() != Continued {
			t.Errorf("the stream's origin is %v", stream.Origin())
		}
		diff(t, stream, "a", `{"v":0}`, Unchanged)
		if generation == 0 {
			deliver(t, stream, "b", `{"v":0}`, Changed) // the intent says that it may be another
		}
		diff(t, stream, "b", `{"v":0}`, Unchanged)
		stream.Finish(true)
		closeStore(t, store)
	}
}

// age takes the revisions out of a stream's entries.
func age(t *testing.T, store *Store, id uint32) {
	t.Helper()
	var keys, values [][]byte
	err := store.scan(streamKey(entryPrefix, id), streamKey(entryPrefix, id+1), func(key, value []byte) error {
		e, err := parseEntry(value)
		keys = append(keys, append([]byte(nil), key...))
		values = append(values, binary.AppendUvarint(e.digest[:], e.ordinal))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range keys {
		if err := store.local.Set(keys[i], values[i], pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	var m map[string]any
	text, _, err := store.get(metaKey("users"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "base")
	delete(m, "paths")
	if text, err = json.Marshal(m); err == nil {
		err = store.local.Set(metaKey("users"), text, pebble.Sync)
	}
	if err != nil {
		t.Fatal(err)
	}
}
