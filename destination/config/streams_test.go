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
			test.want.Operations = all(OperationRoute{Method: test.want.Method, URL: test.want.URL, Body: RowBody})
			if diff := cmp.Diff(test.want, config.Overrides().Stream(protocol.StreamDescriptor{Namespace: test.namespace, Name: test.name})); diff != "" {
				t.Errorf("stream (-want +got):\n%s", diff)
			}
		})
	}
}
