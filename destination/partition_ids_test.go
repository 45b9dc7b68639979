package destination

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Batches that are parted by key do not depend on the number of requests in flight: an attempt with
// another number sends the same ones, by the same Webhook-Ids.
func TestConcurrencyDoesNotChangeIDs(t *testing.T) {
	r := newRig(t)
	var input []string
	for i := range 3000 {
		input = append(input, user(fmt.Sprintf(`{"id":%d,"n":%d}`, i*7919%500, i)))
		if i%700 == 699 {
			input = append(input, fmt.Sprintf(`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"},"stream_state":{"n":%d}}}}`, i))
		}
	}
	ids := func(requests int) (ids []string) {
		before := len(r.endpoint.Requests())
		p, config, catalog, _ := r.program("", input...)
		p.SyncID = "one"
		text := fmt.Sprintf(`{"url":%q,"sync_mode":"upsert","batching":{"max_rows":40,"max_age_seconds":600},"delivery":{"adaptive_concurrency":false,"max_concurrent_requests":%d}}`,
			r.endpoint.URL(), requests)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.Write(t.Context(), config, catalog); err != nil {
			t.Fatal(err)
		}
		for _, request := range r.endpoint.Requests()[before:] {
			ids = append(ids, request.Header.Get("Webhook-Id"))
		}
		slices.Sort(ids)
		return ids
	}
	one, many := ids(1), ids(16)
	if diff := cmp.Diff(one, many); diff != "" {
		t.Errorf("16 requests in flight, in place of 1: %s", diff)
	}
	if len(slices.Compact(one)) != len(many) || len(many) < 3000/40 {
		t.Errorf("%d requests have %d ids", len(many), len(one))
	}
}
