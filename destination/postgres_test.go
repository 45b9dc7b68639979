package destination

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"destination-webhook/destination/postgres/postgrestest"
)

// TestSnapshotInPostgres checks, previews and syncs with a snapshot in PostgreSQL.
func TestSnapshotInPostgres(t *testing.T) {
	server := postgrestest.Start(t)
	r := newRig(t)
	r.snapshot = fmt.Sprintf(`{"type":"postgres","connection_url":%q,"schema":"made_here"}`, server.URL())
	check := func() string {
		p, config, _, out := r.program("")
		if _, err := p.Check(context.Background(), config); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if said := check(); !strings.Contains(said, "SUCCEEDED") {
		t.Errorf("check says %s", said)
	}
	if n := server.Psql(`SELECT count(*) FROM pg_namespace WHERE nspname = 'made_here'`); n != "0\n" {
		t.Error("check has left a schema")
	}
	row := func(id, v int) string {
		return fmt.Sprintf(`{"type":"RECORD","record":{"stream":"users","emitted_at":1,"data":{"id":%d,"v":%d}}}`, id, v)
	}
	complete := `{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1,"stream_status":{"stream_descriptor":{"name":"users"},"status":"COMPLETE"}}}`
	sent := func(input ...string) int {
		t.Helper()
		bodies, err := r.sync(`,"sync_mode":"mirror"`, input...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(strings.Join(bodies, ""), `"operation":`)
	}
	if n := sent(row(1, 1), row(2, 1), complete); n != 2 {
		t.Errorf("the first sync sends %d rows", n)
	}
	if n := sent(row(1, 1), row(2, 2), complete); n != 1 {
		t.Errorf("the second sync sends %d rows", n)
	}
	if n := sent(row(2, 2), complete); n != 1 {
		t.Errorf("the third sync sends %d rows", n)
	}
	if got := server.Psql(`SELECT key, data FROM made_here.webhook_endpoint`); got != "\"2\"|{\"id\":2,\"v\":2}\n" {
		t.Errorf("the endpoint has %s", got)
	}
	server.Stop()
	_, err := r.sync(`,"sync_mode":"mirror"`, row(1, 1))
	if err == nil || strings.Contains(err.Error(), "W0rd") {
		t.Errorf("without a server: %v", err)
	}
	if said := check(); strings.Contains(said, "SUCCEEDED") || strings.Contains(said, "W0rd") {
		t.Errorf("check without a server says %s", said)
	}
}
