package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination/postgres/postgrestest"
	"destination-webhook/destination/redact"
)

func serverFor(t *testing.T, url string) *Server {
	t.Helper()
	s, err := New(Options{URL: redact.Secret(url), Prefix: "webhook_"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustOpen(t *testing.T, url string) *Tables {
	t.Helper()
	tables, err := serverFor(t, url).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tables.Abandon)
	return tables
}

// rowOf writes a row of n random bytes.
func rowOf(key string, size int) *Changes {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(rand.Uint32()) //nolint:gosec // any byte
	}
	return &Changes{Writes: []Write{{Table: Rows, Stream: 1, Key: []byte(key), Value: &Value{Data: data}}}}
}

func (t *Tables) has(ctx context.Context, key string) (found bool, err error) {
	err = t.Lookup(ctx, []Keys{{Table: Rows, Stream: 1, Keys: [][]byte{[]byte(key)}}}, func(*Keys, []byte, *Value) error {
		found = true
		return nil
	})
	return found, err
}

// Every call to a server that hangs in the middle of a sync ends, and once the server goes on the
// lock is free.
func TestServerHangs(t *testing.T) {
	server := postgrestest.Start(t)
	tables := mustOpen(t, server.URL())
	if err := errors.Join(tables.Lock(t.Context(), "users"), tables.Apply(t.Context(), rowOf("a", 10))); err != nil {
		t.Fatal(err)
	}
	resume := server.Suspend()
	for _, c := range tables.conns {
		c.limit = time.Millisecond
	}
	_, reading := tables.has(t.Context(), "a")
	for what, err := range map[string]error{"write": tables.Apply(t.Context(), rowOf("b", 10)), "read": reading} {
		if err == nil || !strings.Contains(err.Error(), "the server hangs: see that it runs") || !Transient(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	resume()
	again := mustOpen(t, server.URL())
	err := again.Lock(t.Context(), "users")
	for errors.Is(err, errInUse) && t.Context().Err() == nil { // the server has not noticed yet
		err = again.Lock(t.Context(), "users")
	}
	if err != nil {
		t.Fatal(err)
	}
	if found, err := again.has(t.Context(), "a"); err != nil || !found {
		t.Errorf("what was written before: %v, %v", found, err)
	}
}

// A server that accepts a connection and says nothing is given up.
func TestServerSaysNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := serverFor(t, "postgres://u:pass-W0rd@"+l.Addr().String()+"/d?sslmode=disable")
	s.config.ConnectTimeout = time.Millisecond
	s.config.DialFunc = func(_ context.Context, network, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(t.Context(), network, address) // however long it takes
	}
	if _, err := s.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "the server hangs") || !Transient(err) {
		t.Errorf("opening: %v", err)
	}
}

// fill writes rows until an error, which it returns. A disk of that size does not hold them.
func fill(t *testing.T, tables *Tables, disk int) error {
	t.Helper()
	told := false
	tables.OnFailure(func(error) { told = true })
	const size = 100_000
	for n := range disk / size {
		err := tables.Apply(t.Context(), rowOf(fmt.Sprint(n), size))
		if err == nil {
			continue
		}
		if !Transient(err) || !told || !strings.Contains(err.Error(), "the next sync sends again") {
			t.Errorf("row %d: %v; was it told: %v", n, err, told)
		}
		return err
	}
	t.Fatal("the disk is not full")
	return nil
}

// A disk of the server that is full ends the call. Once there is room the next sync has what was
// written before.
func TestServersTablesFillTheirDisk(t *testing.T) {
	const disk = 10 << 20
	server := postgrestest.Start(t)
	server.SmallTablespace(disk)
	server.Psql("CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 3000)")
	tables := mustOpen(t, server.URL())
	if err := fill(t, tables, disk); !strings.Contains(err.Error(), "disk is full: free some of it") {
		t.Errorf("the advice is %v", err)
	}
	tables.Abandon()
	server.Psql("DROP TABLE filler")
	again := mustOpen(t, server.URL())
	if found, err := again.has(t.Context(), "0"); err != nil || !found {
		t.Errorf("what was written before: %v, %v", found, err)
	}
	if err := again.Apply(t.Context(), rowOf("later", 100_000)); err != nil {
		t.Error(err)
	}
}

// A server that cannot write its log ends.
func TestServersLogFillsItsDisk(t *testing.T) {
	const disk = 80 << 20
	if err := fill(t, mustOpen(t, postgrestest.StartOnSmallDisk(t, disk).URL()), disk); !strings.Contains(err.Error(), "the connection to the server is lost") &&
		!strings.Contains(err.Error(), "disk is full") {
		t.Errorf("the advice is %v", err)
	}
}
