package journal

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHistory(t *testing.T) {
	var h chart
	at := func(second int64) time.Time { return time.Unix(second, 500) }
	h.add(at(1000), 1, 10)
	h.add(at(1000), 2, 20)
	h.add(at(1003), 4, 40)
	if diff := cmp.Diff([]Second{{1000, 3, 30}, {1003, 4, 40}}, h.since(0, 1010)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Second{{1003, 4, 40}}, h.since(1001, 1003)); diff != "" {
		t.Error("from a second:", diff)
	}
	h.add(at(1120), 8, 80) // in the place of second 1000
	if diff := cmp.Diff([]Second{{1003, 4, 40}, {1120, 8, 80}}, h.since(0, 1120)); diff != "" {
		t.Error("two minutes later:", diff)
	}
	if diff := cmp.Diff([]Second(nil), h.since(0, 1500)); diff != "" {
		t.Error("long after:", diff)
	}
}

func TestWebhookIDsAreForgottenInOrder(t *testing.T) {
	j := New(1, 1<<20)
	for i := range maxIDs + 1 {
		j.Arrive(&Request{WebhookID: fmt.Sprint(i)})
	}
	if len(j.ids.known) != maxIDs {
		t.Errorf("%d ids remembered", len(j.ids.known))
	}
	second, first := &Request{WebhookID: "1"}, &Request{WebhookID: "0"}
	j.Arrive(second)
	j.Arrive(first)
	if second.Attempt != 2 || first.Attempt != 1 {
		t.Errorf("attempts %d and %d", second.Attempt, first.Attempt)
	}
	long := string(make([]byte, maxID+1))
	j.Arrive(&Request{WebhookID: long})
	if j.ids.known[long] != nil {
		t.Error("a long id is remembered")
	}
}

func TestFieldText(t *testing.T) {
	data := json.RawMessage(`{"a":"","b":null,"c":{"d":"x","e":1.0},"f":"null"}`)
	type result struct {
		Text  string
		Found bool
	}
	for path, want := range map[string]result{
		"a": {"", true}, "b": {"null", true}, "c.d": {"x", true}, "c.e": {"1.0", true}, "f": {"null", true},
		"g": {}, "c.g": {}, "a.g": {}, "b.g": {}, "c.d.g": {},
	} {
		text, found := FieldText(data, path)
		if diff := cmp.Diff(want, result{text, found}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}
