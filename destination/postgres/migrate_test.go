package postgres

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"destination-webhook/destination/failure"
	"destination-webhook/destination/postgres/postgrestest"
	"destination-webhook/protocol"
)

// migrateTo adds migrations to those of this version, until the test ends.
func migrateTo(t *testing.T, later ...string) {
	t.Helper()
	own := migrations
	migrations = slices.Concat(own, later)
	t.Cleanup(func() { migrations = own })
}

const versions = "SELECT string_agg(version::text, ',' ORDER BY version) FROM webhook_version"

// Syncs that begin at once on an empty database make the tables once.
func TestTablesAreMadeOnce(t *testing.T) {
	server := postgrestest.Start(t)
	var opening sync.WaitGroup
	for range 3 {
		opening.Go(func() {
			tables, err := serverFor(t, server.URL()).Open(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			tables.Abandon()
		})
	}
	opening.Wait()
	if got := server.Psql(versions); got != "1\n" {
		t.Errorf("the versions are %s", got)
	}
}

// Tables of a version before get the migrations that they lack, all of them or none, and keep what
// is in them.
func TestTablesOfAVersionBefore(t *testing.T) {
	server := postgrestest.Start(t)
	tables := mustOpen(t, server.URL())
	if err := tables.Apply(t.Context(), rowOf("a", 10)); err != nil {
		t.Fatal(err)
	}
	tables.Abandon()

	migrateTo(t, "ALTER TABLE {rows} ADD COLUMN more text", "SELECT 1/0")
	if _, err := serverFor(t, server.URL()).Open(t.Context()); err == nil {
		t.Error("a migration that fails is passed over")
	}
	if got := server.Psql(versions); got != "1\n" {
		t.Errorf("after a migration that failed the versions are %s", got)
	}

	migrations[len(migrations)-1] = "UPDATE {rows} SET more = 'new'"
	for range 2 { // the second one finds nothing to do
		again := mustOpen(t, server.URL())
		if found, err := again.has(t.Context(), "a"); err != nil || !found {
			t.Errorf("what was written before: %v, %v", found, err)
		}
		again.Abandon()
	}
	if got := server.Psql(versions) + server.Psql("SELECT more FROM webhook_rows"); got != "1,3\nnew\n" {
		t.Errorf("the versions and the new column are %s", got)
	}
}

// Tables of a later version are refused by a sync, check and a copy, and stay as they are.
func TestTablesOfALaterVersion(t *testing.T) {
	server := postgrestest.Start(t)
	mustOpen(t, server.URL()).Abandon()
	server.Psql("INSERT INTO webhook_version (version) VALUES (2)")
	s := serverFor(t, server.URL())
	_, opening := s.Open(t.Context())
	_, copying := s.OpenCopy(t.Context())
	for what, err := range map[string]error{"a sync": opening, "a copy": copying, "check": s.Probe(t.Context())} {
		if kind, _ := failure.TypeOf(err); !errors.Is(err, errVersion) || kind != protocol.ConfigError {
			t.Errorf("%s: %v", what, err)
		}
	}
	if !strings.Contains(opening.Error(), "found 2, want 1") {
		t.Errorf("the versions are not named: %v", opening)
	}
	if got := server.Psql(versions); got != "1,2\n" {
		t.Errorf("the versions are %s", got)
	}
}
