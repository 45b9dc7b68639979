package snapshot

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// spell is Spelling for a key that is a number.
func spell(t *testing.T, stream *Stream, key, identity, want string) {
	t.Helper()
	got, err := stream.Spelling([]byte(key), []byte(identity), true)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("the endpoint has %s as %s, want %s", key, got, want)
	}
}

// oldSnapshot makes a snapshot of the version before that has these keys.
func oldSnapshot(t *testing.T, dir string, keys ...string) {
	t.Helper()
	store := open(t, dir, Options{KeepRows: true})
	stream := openStream(t, store, "users", 1)
	for _, key := range keys {
		deliver(t, stream, key, `{"v":0}`, Added)
	}
	stream.Finish(true)
	if err := stream.close(); err != nil {
		t.Fatal(err)
	}
	age(t, store, stream.meta.ID)
	err := store.local.Set(versionKey, []byte(versionBefore), pebble.Sync)
	if err := errors.Join(err, store.db.Close(), store.disk.Unlock()); err != nil {
		t.Fatal(err)
	}
}

// The version before knew a key by how it was written, and had no spellings.
func TestSpellingsOfTheVersionBefore(t *testing.T) {
	dir := t.TempDir()
	oldSnapshot(t, dir, `"1.0"`, `["7","2e0"]`, `"3"`)
	for generation := range int64(2) {
		store := open(t, dir, Options{KeepRows: true})
		stream := openStream(t, store, "users", generation+2)
		spell(t, stream, `"1"`, `"1"`, `"1.0"`)
		spell(t, stream, `"1e0"`, `"1"`, `"1.0"`)
		spell(t, stream, `["7","2"]`, `["7","2"]`, `["7","2e0"]`)
		spell(t, stream, `"3.0"`, `"3"`, `"3"`)
		for _, key := range []string{`"1.0"`, `["7","2e0"]`, `"3"`} {
			diff(t, stream, key, `{"v":0}`, Unchanged)
		}
		left(t, stream)
		stream.Finish(true)
		closeStore(t, store)
	}
}

// It may have two ways to write one key. The one that the source does not use any more has not
// left; of two texts it has.
func TestKeyThatTheVersionBeforeHadTwice(t *testing.T) {
	for name, number := range map[string]bool{"numbers": true, "texts": false} {
		dir := t.TempDir()
		oldSnapshot(t, dir, `"1"`, `"1.0"`)
		store := open(t, dir, Options{})
		stream := openStream(t, store, "users", 2)
		if number {
			spell(t, stream, `"1.0"`, `"1"`, `"1"`)
		}
		diff(t, stream, `"1"`, `{"v":0}`, Unchanged)
		for row, err := range stream.Unseen() {
			if err != nil || string(row.Key) != `"1.0"` || row.Superseded != number {
				t.Errorf("%s: %s left, superseded %v, error %v", name, row.Key, row.Superseded, err)
			}
		}
		closeStore(t, store)
	}
}

// A key that is known from an intent alone is found in whatever way it is written.
func TestSpellingOfAnIntent(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir, Options{})
	stream := openStream(t, store, "users", 1)
	// As if the spelling was in what another machine lost.
	_, v := diff(t, stream, `"1.0"`, `{}`, Added)
	begin(t, stream, Row{Key: []byte(`"1.0"`), Version: v})
	if err := errors.Join(store.db.Close(), store.disk.Unlock()); err != nil {
		t.Fatal(err)
	}
	store = open(t, dir, Options{})
	defer closeStore(t, store)
	spell(t, openStream(t, store, "users", 1), `"1"`, `"1"`, `"1.0"`)
}

// A spelling ends with its key, once a sync has ended well; that of a key which came back stays.
func TestSpellingsAreForgotten(t *testing.T) {
	dir := t.TempDir()
	for sync, want := range []string{"", `"1.0"`, `"1.0"`, `"1"`} {
		store := open(t, dir, Options{})
		stream := openStream(t, store, "users", int64(sync+1))
		switch sync {
		case 0:
			spell(t, stream, `"1.0"`, `"1"`, `"1.0"`)
			deliver(t, stream, `"1.0"`, `{}`, Added)
		case 1: // it leaves and comes back
			for row, err := range stream.Unseen() {
				if err != nil {
					t.Fatal(err)
				}
				settle(t, stream, row)
			}
			spell(t, stream, `"1"`, `"1"`, want)
			deliver(t, stream, want, `{}`, Added)
		case 2:
			spell(t, stream, `"1"`, `"1"`, want)
			for row, err := range stream.Unseen() {
				if err != nil {
					t.Fatal(err)
				}
				settle(t, stream, row)
			}
		case 3:
			spell(t, stream, `"1"`, `"1"`, want)
			if !stream.spellings.any.Load() {
				break
			}
			t.Error("there are spellings of keys that are gone")
		}
		stream.Finish(true)
		closeStore(t, store)
	}
}

// A stream of many spellings is written in parts.
func TestSpellingsOfManyKeys(t *testing.T) {
	dir, keys := t.TempDir(), make([]string, 300)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"%04000d.0"`, i)[1:]
		keys[i] = `"1` + keys[i]
	}
	oldSnapshot(t, dir, keys...)
	store := open(t, dir, Options{})
	defer closeStore(t, store)
	stream := openStream(t, store, "users", 2)
	for _, key := range []string{keys[0], keys[len(keys)-1]} {
		spell(t, stream, key, string(stream.identityOf([]byte(key))), key)
	}
	n := 0
	err := store.scan(streamKey(spellPrefix, stream.meta.ID), streamKey(spellPrefix, stream.meta.ID+1), func(_, _ []byte) error { n++; return nil })
	if n != len(keys) || err != nil {
		t.Errorf("%d spellings of %d keys, error %v", n, len(keys), err)
	}
}
