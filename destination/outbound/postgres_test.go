package outbound

import (
	"strings"
	"testing"

	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/redact"
)

// The guard judges the database of a snapshot as it does any other address, before it is dialled.
func TestPostgresIsGuarded(t *testing.T) {
	c := configtest.Parse(t, `,"snapshot":{"type":"postgres","connection_url":"postgres://u:p@127.0.0.1:1/d?sslmode=verify-full"}`)
	n, err := New(Options{Config: c, Redactor: redact.New(), Getenv: func(name string) string {
		return map[string]string{"WEBHOOK_DENY_PRIVATE_NETWORKS": "true"}[name]
	}})
	if err != nil {
		t.Fatal(err)
	}
	server, err := n.Postgres(&c.Snapshot.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "refused by the network guard") {
		t.Errorf("a private address is dialled: %v", err)
	}
}
