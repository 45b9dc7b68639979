package config

import (
	"testing"

	"destination-webhook/protocol"

	"github.com/google/go-cmp/cmp"
)

func TestStreamPrefersItsOverride(t *testing.T) {
	config := &Config{
		URL: "https://h/all", Method: "POST", SyncMode: "auto",
		Streams: []Stream{
			{Stream: "users", Namespace: "crm", URL: "https://h/crm"},
			{Stream: "users", Method: "PUT"},
			{Stream: "orders", SyncMode: "insert", PrimaryKey: [][]string{{"id"}}},
			{Stream: "events", Namespace: "log", SyncMode: "upsert"},
		},
	}
	tests := map[string]struct {
		namespace, name string
		want            Stream
	}{
		"no override":         {"", "items", Stream{URL: "https://h/all", Method: "POST", SyncMode: "auto"}},
		"its namespace":       {"crm", "users", Stream{URL: "https://h/crm", Method: "POST", SyncMode: "auto"}},
		"any other namespace": {"erp", "users", Stream{URL: "https://h/all", Method: "PUT", SyncMode: "auto"}},
		"no namespace":        {"", "users", Stream{URL: "https://h/all", Method: "PUT", SyncMode: "auto"}},
		"mode and key":        {"", "orders", Stream{URL: "https://h/all", Method: "POST", SyncMode: "insert", PrimaryKey: [][]string{{"id"}}}},
		"another namespace":   {"", "events", Stream{URL: "https://h/all", Method: "POST", SyncMode: "auto"}},
		"names keep case":     {"", "Users", Stream{URL: "https://h/all", Method: "POST", SyncMode: "auto"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.want.Namespace, test.want.Stream = test.namespace, test.name
			if diff := cmp.Diff(test.want, config.Overrides().Stream(protocol.StreamDescriptor{Namespace: test.namespace, Name: test.name})); diff != "" {
				t.Errorf("stream (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNearestName(t *testing.T) {
	candidates := []string{"users", "orders", "order_items", "Invoices"}
	tests := map[string]string{
		"user":        "users",
		"usres":       "users",
		"USERS":       "users",
		"invoices":    "Invoices",
		"order-items": "order_items",
		"ordres":      "orders",
		"payments":    "",
		"x":           "",
		"":            "",
	}
	for name, want := range tests {
		if got := NearestName(name, candidates); got != want {
			t.Errorf("NearestName(%q) = %q, want %q", name, got, want)
		}
	}
	if got := NearestName("users", nil); got != "" {
		t.Errorf("NearestName without candidates = %q, want none", got)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"ab", "ba", 2},
	}
	for _, test := range tests {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
