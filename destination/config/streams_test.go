package config

import (
	"strconv"
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

// Any number of overrides of one name, and of streams that share an address, cost the same each.
func TestManyOverridesOfOneName(t *testing.T) {
	const address = "https://h/{primary_key}"
	c := &Config{Operations: Operations{Removed: OperationRoute{Method: "DELETE", URL: address}}}
	for i := range 1000 {
		c.Streams = append(c.Streams, Stream{Stream: "s", Namespace: strconv.Itoa(i), URL: "https://h/" + strconv.Itoa(i)})
	}
	overrides := c.Overrides()
	for _, i := range []int{0, 999} {
		settings := overrides.Stream(protocol.StreamDescriptor{Name: "s", Namespace: strconv.Itoa(i)})
		if want := "https://h/" + strconv.Itoa(i); settings.URL != want || settings.Operations.Removed.URL != want {
			t.Errorf("override %d leads to %s", i, settings.URL)
		}
	}
	for range 1000 {
		overrides.Stream(protocol.StreamDescriptor{Name: "other"})
	}
	if parsed := len(overrides.ofRows); parsed != 3 {
		t.Errorf("%d addresses were parsed, 3 are different", parsed)
	}
}
