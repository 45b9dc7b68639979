package snapshot

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
	"destination-webhook/destination/racetest"
)

// errDeath is the error of every call to the bucket from the one on at which the process dies. It
// is permanent, so that the client does not try again.
type errDeath struct{}

func (errDeath) Error() string   { return "the process is dead" }
func (errDeath) Permanent() bool { return true }

// dying is a service that a process calls until it dies.
type dying struct {
	buckettest.Memory
	calls int
	last  int  // the call at which the process dies; 0: it lives
	heard bool // whether the service has still done what the last call asked for
}

func newDying() *dying {
	d := &dying{}
	d.Before = func(*http.Request) error {
		if d.calls++; d.last > 0 && (d.calls > d.last || d.calls == d.last && !d.heard) {
			return errDeath{}
		}
		return nil
	}
	d.After = func(*http.Request) error {
		if d.last > 0 && d.calls == d.last {
			return errDeath{}
		}
		return nil
	}
	return d
}

// scene is a table and an endpoint that syncs keep equal.
type scene struct {
	t          *testing.T
	bucket     *bucket.Bucket
	source     table
	endpoint   table
	generation int64
}

// sync is a full refresh with a save in its middle. It ends with the first error, as a process that
// dies.
func (s *scene) sync() (err error) {
	s.generation++
	store, err := OpenRemote(s.t.Context(), s.bucket, s.t.TempDir(), Options{KeepRows: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.release()) }()
	store.remote.Inline = 0
	stream, err := store.Stream(s.t.Context(), Identity{Stream: "users", Key: [][]string{{"id"}}}, s.generation)
	if err != nil {
		return err
	}
	for i, key := range modelKeys {
		if i == 2 {
			if err := store.Save(s.t.Context()); err != nil {
				return err
			}
		}
		if row, there := s.source[key]; there {
			if err := s.send(stream, key, row); err != nil {
				return err
			}
		}
	}
	if err := s.removeUnseen(stream); err != nil {
		return err
	}
	stream.Finish(true)
	return store.Close(s.t.Context())
}

func (s *scene) send(stream *Stream, key, row string) error {
	change, version, err := stream.Diff([]byte(key), []byte(row))
	if err != nil || change == Unchanged {
		return err
	}
	batch, err := stream.Begin(s.t.Context(), []Row{{Key: []byte(key), Version: version, Data: []byte(row)}})
	if err != nil {
		return err
	}
	s.endpoint[key] = row
	return batch.Confirm()
}

// removeUnseen removes what left the table, unless a sync of this generation has died.
func (s *scene) removeUnseen(stream *Stream) error {
	var rows []Row
	for row, err := range stream.Unseen() {
		if err != nil {
			return err
		}
		row.Key = append([]byte(nil), row.Key...)
		rows = append(rows, row)
	}
	batch, err := stream.Begin(s.t.Context(), rows)
	if err != nil {
		return err
	}
	for _, row := range rows {
		delete(s.endpoint, string(row.Key))
	}
	return batch.Confirm()
}

// TestDeathAtEveryCall lets a process die at each call that a sync makes to the bucket, before the
// service has heard of the call and after it. The table goes back to what it was, so that a row
// which is taken for delivered wrongly would stay at the endpoint.
func TestDeathAtEveryCall(t *testing.T) {
	old := table{"a": `{"v":0}`, "b": `{"v":0}`, "c": `{"v":0}`, "d": `{"v":0}`}
	other := table{"a": `{"v":1}`, "b": `{"v":0}`, "d": `{"v":1}`, "e": `{"v":1}`}
	service := newDying()
	b, err := bucket.New(service.Options())
	if err != nil {
		t.Fatal(err)
	}
	first := &scene{t: t, bucket: b, source: old, endpoint: table{}}
	first.mustSync()
	before := service.Objects()
	step := 1
	if racetest.Enabled { // the goroutines are the same at all of them
		step = 4
	}
	for _, heard := range []bool{false, true} {
		for call := 1; ; call += step {
			if !dieAt(t, before, call, heard, old, other) {
				if call < 20 {
					t.Errorf("a sync made %d calls only", call-1)
				}
				break
			}
		}
	}
}

// dieAt reports whether the process came as far as the call. The sync before it left the table old.
func dieAt(t *testing.T, before map[string][]byte, call int, heard bool, old, other table) (died bool) {
	t.Helper()
	service := newDying()
	service.Put(before)
	service.last, service.heard = call, heard
	b, err := bucket.New(service.Options())
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, bucket: b, source: other, endpoint: maps.Clone(old), generation: 1}
	err = s.sync()
	died = err != nil
	if died && !errors.Is(err, errDeath{}) {
		t.Fatalf("death at call %d: %v", call, err)
	}

	service.last, s.source = 0, old
	s.mustSync()
	if fmt.Sprint(s.endpoint) != fmt.Sprint(old) {
		t.Errorf("death at call %d, heard %v: the endpoint has %v", call, heard, s.endpoint)
	}
	s.nothingIsLeft(service)
	return died
}

func (s *scene) mustSync() {
	s.t.Helper()
	if err := s.sync(); err != nil {
		s.t.Fatal(err)
	}
}

// nothingIsLeft looks for objects that no sync will ever need or remove.
func (s *scene) nothingIsLeft(service *dying) {
	s.t.Helper()
	objects := service.Objects()
	m := manifestIn(s.t, objects)
	for name := range objects {
		_, dropped := m.Dropped[name]
		if name != manifestName && !m.names(name) && !dropped || strings.HasPrefix(name, intentsFolder) {
			s.t.Errorf("%s is left", name)
		}
	}
}
