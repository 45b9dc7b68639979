package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/protocol"
)

// What is left out follows the next place that says it: the stream's operation, its URL and method,
// the config's operation, its URL and method.
func TestOperationsFollowURLAndMethod(t *testing.T) {
	const byKey = "https://h/all/{primary_key}"
	c := &Config{
		URL: "https://h/all", Method: "POST",
		Operations: Operations{
			Changed: OperationRoute{Method: "PATCH", URL: byKey},
			Removed: OperationRoute{Method: "DELETE", URL: byKey},
		},
		Streams: []Stream{
			{Stream: "orders", URL: "https://h/orders"},
			{Stream: "users", Method: "PUT", Operations: Operations{Removed: OperationRoute{Method: "DELETE", Body: RowBody}}},
			{Stream: "items", Operations: Operations{Removed: OperationRoute{URL: "https://h/gone"}, Upserted: OperationRoute{Method: "PUT"}}},
		},
	}
	tests := map[string]Operations{
		"others": {
			Added: OperationRoute{"POST", "https://h/all", RowBody}, Changed: OperationRoute{"PATCH", byKey, RowBody},
			Removed: OperationRoute{"DELETE", byKey, NoBody}, Upserted: OperationRoute{"POST", "https://h/all", RowBody},
		},
		"orders": {
			Added: OperationRoute{"POST", "https://h/orders", RowBody}, Changed: OperationRoute{"PATCH", "https://h/orders", RowBody},
			Removed: OperationRoute{"DELETE", "https://h/orders", RowBody}, Upserted: OperationRoute{"POST", "https://h/orders", RowBody},
		},
		"users": {
			Added: OperationRoute{"PUT", "https://h/all", RowBody}, Changed: OperationRoute{"PUT", byKey, RowBody},
			Removed: OperationRoute{"DELETE", byKey, RowBody}, Upserted: OperationRoute{"PUT", "https://h/all", RowBody},
		},
		"items": {
			Added: OperationRoute{"POST", "https://h/all", RowBody}, Changed: OperationRoute{"PATCH", byKey, RowBody},
			Removed: OperationRoute{"DELETE", "https://h/gone", RowBody}, Upserted: OperationRoute{"PUT", "https://h/all", RowBody},
		},
	}
	for name, want := range tests {
		got := c.Overrides().Stream(protocol.StreamDescriptor{Name: name})
		if diff := cmp.Diff(want, got.Operations); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Headers of a stream replace those of the config whatever their case.
func TestHeadersOfAStream(t *testing.T) {
	c := &Config{
		Headers: []Header{{"X-Tenant", "a"}, {"X-Other", "b"}},
		Streams: []Stream{{Stream: "users", Headers: []Header{{"x-tenant", "c"}, {"X-New", "d"}}}},
	}
	want := []Header{{"X-Other", "b"}, {"x-tenant", "c"}, {"X-New", "d"}}
	if diff := cmp.Diff(want, c.Overrides().Stream(protocol.StreamDescriptor{Name: "users"}).Headers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(c.Headers, c.Overrides().Stream(protocol.StreamDescriptor{Name: "orders"}).Headers); diff != "" {
		t.Errorf("a stream without headers (-want +got):\n%s", diff)
	}
}
