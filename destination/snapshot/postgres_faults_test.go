package snapshot

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"destination-webhook/destination/postgres"
	"destination-webhook/destination/redact"
)

// openUsers opens a snapshot in a server, and the stream users of it.
func openUsers(t *testing.T, url string, generation int64) (*Store, *Stream, error) {
	t.Helper()
	server, err := serverOf(url, "faults")
	if err != nil {
		t.Fatal(err)
	}
	store, err := OpenPostgres(t.Context(), server, Options{KeepRows: true})
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { _ = store.release() })
	stream, err := store.Stream(t.Context(), Identity{Stream: "users", Title: "users", Key: [][]string{{"id"}}}, generation)
	return store, stream, err
}

func mustOpenUsers(t *testing.T, url string, generation int64) (*Store, *Stream) {
	t.Helper()
	store, stream, err := openUsers(t, url, generation)
	if err != nil {
		t.Fatal(err)
	}
	return store, stream
}

// A server that restarts in the middle of a sync ends it at the next call, and what was begun is
// uncertain for the next sync.
func TestPostgresRestarts(t *testing.T) {
	server := atPostgres(t)
	store, stream := mustOpenUsers(t, server.URL(), 1)
	deliver(t, stream, "a", `{"v":1}`, Added)
	_, v := diff(t, stream, "b", `{"v":1}`, Added)
	batch := begin(t, stream, Row{Key: []byte("b"), Version: v, Data: []byte(`{"v":1}`)})
	server.Stop()
	server.Restart()
	if err := batch.Confirm(); !postgres.Transient(err) || !strings.Contains(err.Error(), "the next sync sends again") {
		t.Errorf("a commit after a restart: %v", err)
	}
	if _, err := stream.Begin(t.Context(), []Row{{Key: []byte("c")}}); err == nil {
		t.Error("the store goes on without its lock")
	}
	if err := store.Close(t.Context()); err == nil {
		t.Error("closing says nothing of the loss")
	}
	if store.Failure() == nil {
		t.Error("the store does not know that it has failed")
	}
	again, stream := mustOpenUsers(t, server.URL(), 1)
	diff(t, stream, "b", `{"v":1}`, Added)
	diff(t, stream, "a", `{"v":1}`, Unchanged)
	if _, _, err := stream.CountUnseen(); !errors.Is(err, ErrGenerationIncomplete) {
		t.Errorf("after a sync that died: %v", err)
	}
	stream.pending = map[string]*flight{} // asked, not sent
	closeStore(t, again)
}

// Whoever waits for a server that accepts connections and says nothing can be stopped.
func TestOpeningASilentPostgresEndsWithTheSync(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	ctx, cancel := context.WithCancelCause(t.Context())
	accepted := make(chan net.Conn)
	go func() {
		c, err := l.Accept()
		if err == nil {
			accepted <- c
		}
	}()
	server, err := postgres.New(postgres.Options{URL: redact.Secret("postgres://u:pass-W0rd@" + l.Addr().String() + "/d?sslmode=disable")})
	if err != nil {
		t.Fatal(err)
	}
	signal := errors.New("a signal")
	opened := make(chan error)
	go func() {
		_, err := OpenPostgres(ctx, server, Options{})
		opened <- err
	}()
	c := <-accepted
	cancel(signal)
	if err := <-opened; !errors.Is(err, signal) {
		t.Errorf("opening: %v", err)
	}
	_ = c.Close()
}

func TestPostgresIsNotThere(t *testing.T) {
	server := atPostgres(t)
	server.Stop()
	if _, _, err := openUsers(t, server.URL(), 1); err == nil || strings.Contains(err.Error(), "W0rd") || !strings.Contains(err.Error(), "see that it runs") {
		t.Errorf("opening: %v", err)
	}
}

func TestTwoSyncsOfOneStreamInPostgres(t *testing.T) {
	server := atPostgres(t)
	first, _ := mustOpenUsers(t, server.URL(), 1)
	second, _, err := openUsers(t, server.URL(), 1)
	if err == nil || !strings.Contains(err.Error(), "another sync is using the tables of this stream") {
		t.Errorf("a second sync: %v", err)
	}
	other, err := second.Stream(t.Context(), Identity{Stream: "orders", Title: "orders", Key: [][]string{{"id"}}}, 1)
	if err != nil {
		t.Fatalf("another stream of the same tables: %v", err)
	}
	deliver(t, other, "a", `{}`, Added)
	closeStore(t, second)
	closeStore(t, first)
}

// What the endpoint has can be queried.
func TestEndpointIsAQuery(t *testing.T) {
	server := atPostgres(t)
	store, stream := mustOpenUsers(t, server.URL(), 1)
	deliver(t, stream, `"1"`, `{"v":1.0}`, Added)
	_, v := diff(t, stream, `"2"`, `{"v":2}`, Added)
	begin(t, stream, Row{Key: []byte(`"2"`), Version: v, Data: []byte(`{"v":2}`)})
	closeStore(t, store)
	store, _ = mustOpenUsers(t, server.URL(), 2)
	closeStore(t, store)
	view := strings.TrimSpace(server.Psql(`SELECT relname FROM pg_class WHERE relname LIKE '%endpoint'`))
	got := server.Psql(fmt.Sprintf(`SELECT * FROM %s ORDER BY key`, view))
	want := "users|\"1\"|{\"v\":1.0}|has it\nusers|\"2\"|{\"v\":2}|may have it\n"
	if got != want {
		t.Errorf("the view shows\n%s\nwant\n%s", got, want)
	}
}

// A user without rights, and a database that takes no writes, are told what to do.
func TestPostgresRefuses(t *testing.T) {
	server := atPostgres(t)
	server.Psql(`REVOKE CREATE ON SCHEMA public FROM public; CREATE USER poor`) // by default nobody has it from version 15 on
	poor := strings.Replace(server.URL(), "//postgres:", "//poor:", 1)
	for _, try := range []func() error{
		func() error { _, _, err := openUsers(t, poor, 1); return err },
		func() error { s, _ := serverOf(poor, "faults"); return ProbePostgres(t.Context(), s) },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), "GRANT it CREATE") {
			t.Errorf("without rights: %v", err)
		}
	}
	server.Psql(`ALTER USER postgres SET default_transaction_read_only = on`)
	if _, _, err := openUsers(t, server.URL(), 1); err == nil || !strings.Contains(err.Error(), "standby") || !postgres.Transient(err) {
		t.Errorf("read-only: %v", err)
	}
}

// Keys that were looked up ahead are answered as the tables have them by then.
func TestLookAhead(t *testing.T) {
	server := atPostgres(t)
	store, stream := mustOpenUsers(t, server.URL(), 1)
	deliver(t, stream, "a", `{"v":1}`, Added)
	deliver(t, stream, "b", `{"v":1}`, Added)
	closeStore(t, store)
	store, stream = mustOpenUsers(t, server.URL(), 1)
	release := stream.LookAhead([]Key{{Sent: []byte("a")}, {Sent: []byte("b")}, {Sent: []byte("c")}})
	deliver(t, stream, "a", `{"v":2}`, Changed)
	deliver(t, stream, "c", `{"v":2}`, Added)
	diff(t, stream, "a", `{"v":2}`, Unchanged)
	diff(t, stream, "b", `{"v":1}`, Unchanged)
	settle(t, stream, Row{Key: []byte("b"), Version: removeKey(t, stream, "b")})
	diff(t, stream, "c", `{"v":2}`, Unchanged)
	deliver(t, stream, "b", `{"v":1}`, Added)
	release()
	closeStore(t, store)
}

func removeKey(t *testing.T, stream *Stream, key string) Version {
	t.Helper()
	change, v, err := stream.Remove([]byte(key))
	if err != nil || change != Removed {
		t.Fatalf("Remove(%s) = %v, %v", key, change, err)
	}
	return v
}

// A copy is the snapshot as it is at one moment, during a sync as well, and nothing is written.
func TestCopyOfPostgres(t *testing.T) {
	server := atPostgres(t)
	from, err := serverOf(server.URL(), "faults")
	if err != nil {
		t.Fatal(err)
	}
	empty, err := OpenPostgresCopy(t.Context(), from, t.TempDir(), Options{KeepRows: true})
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, empty)
	if n := server.Psql(`SELECT count(*) FROM pg_class WHERE relname LIKE '%entries'`); n != "0\n" {
		t.Errorf("a copy of nothing has made tables")
	}
	store, stream := mustOpenUsers(t, server.URL(), 1)
	deliver(t, stream, "a", `{"v":1}`, Added)
	_, v := diff(t, stream, "b", `{"v":1}`, Added)
	batch := begin(t, stream, Row{Key: []byte("b"), Version: v, Data: []byte(`{"v":1}`)})
	copied, err := OpenPostgresCopy(t.Context(), from, t.TempDir(), Options{KeepRows: true})
	if err != nil {
		t.Fatal(err)
	}
	users := openStream(t, copied, "users", 2)
	diff(t, users, "a", `{"v":1}`, Unchanged)
	left(t, users, `b {"v":1}`)
	closeStore(t, copied)
	if err := batch.Confirm(); err != nil {
		t.Error(err)
	}
	closeStore(t, store)
}

// A key that no index of PostgreSQL takes is one like others.
func TestLongKeysInPostgres(t *testing.T) {
	server := atPostgres(t)
	store, stream := mustOpenUsers(t, server.URL(), 1)
	noise := make([]byte, 50_000)
	rand.NewChaCha8([32]byte{1}).Read(noise) //nolint:errcheck,gosec // it never fails
	long := fmt.Sprintf(`"%x`, noise)        // cannot be compressed by much
	keys := []string{`"a"`, long + `a"`, long + `b"`, long[:1000], long[:1001]}
	for _, key := range keys {
		deliver(t, stream, key, `{"v":1}`, Added)
	}
	closeStore(t, store)
	store, stream = mustOpenUsers(t, server.URL(), 2)
	release := stream.LookAhead([]Key{{Sent: []byte(keys[0])}, {Sent: []byte(keys[1])}, {Sent: []byte(keys[4])}})
	diff(t, stream, keys[0], `{"v":1}`, Unchanged)
	diff(t, stream, keys[1], `{"v":1}`, Unchanged)
	deliver(t, stream, keys[4], `{"v":2}`, Changed)
	release()
	diff(t, stream, keys[3], `{"v":1}`, Unchanged)
	left(t, stream, keys[2]+` {"v":1}`)
	settle(t, stream, Row{Key: []byte(keys[2]), Version: removeKey(t, stream, keys[2])})
	closeStore(t, store)
	view := strings.TrimSpace(server.Psql(`SELECT relname FROM pg_class WHERE relname LIKE '%endpoint'`))
	if got := server.Psql(fmt.Sprintf(`SELECT count(*) FROM %s WHERE length(key) = %d`, view, len(keys[1]))); got != "1\n" {
		t.Errorf("the view has %s rows of the long key that is left", got)
	}
}
