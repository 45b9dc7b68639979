package destination

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/engine/enginetest"
)

// A row whose key is in the same block before is compared with that row, and not with what the
// endpoint had when the block was read.
func TestRepeatedKeyOfABlock(t *testing.T) {
	for _, cores := range []int{1, 2, 4} {
		enginetest.OnCores(t, cores)
		r := newRig(t)
		row := func(v, operation string) string {
			return fmt.Sprintf(`{"data":{"id":1,"v":%s},"operation":%q,"primary_key":"1"}`, v, operation)
		}
		r.want("", table(`{"id":1,"v":1}`), envelope("mirror", row("1", "added")))
		r.want("", table(`{"id":1,"v":2}`, `{"v":2,"id":1}`, `{"id":1,"v":1}`, `{"id":1,"v":1.0}`, `{"id":1,"v":2}`),
			envelope("mirror", row("2", "changed"), row("1", "changed"), row("2", "changed")))
		r.want("", table(`{"id":1,"v":2}`))
	}
}

// randomTable has keys that repeat, in several spellings, rows that are marked as deleted, and
// states, in several blocks.
func randomTable(random *rand.Rand, streams ...string) []string {
	var lines []string
	for range 1500 {
		stream := streams[random.IntN(len(streams))]
		id := fmt.Sprint(random.IntN(40)) + []string{"", "", ".0"}[random.IntN(3)]
		more := []string{``, ``, ``, `,"_ab_cdc_deleted_at":1`}[random.IntN(4)]
		data := fmt.Sprintf(`{"of":%q,"id":%s,"v":%d,"text":%q%s}`, stream, id, random.IntN(3), strings.Repeat("x", 300), more)
		lines = append(lines, fmt.Sprintf(`{"type":"RECORD","record":{"stream":%q,"data":%s,"emitted_at":1}}`, stream, data))
		if random.IntN(100) == 0 {
			lines = append(lines, fmt.Sprintf(`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":%q}}}}`, stream))
		}
	}
	return lines
}

// What decoders prepare changes nothing of what is sent: each key gets the same rows in the same
// order.
func TestPreparedRowsAreSentAsOthers(t *testing.T) {
	const seed = 7
	catalog := `{"streams":[{"stream":{"name":"users"},"sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":[["id"]]},
		{"stream":{"name":"orders"},"sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":[["id"]]}]}`
	var want []map[string][]string // of the syncs on one core
	for _, cores := range []int{1, 3} {
		enginetest.OnCores(t, cores)
		r := newRig(t)
		r.catalog = catalog
		random := rand.New(rand.NewPCG(seed, seed))
		for sync := range 3 {
			bodies, err := r.sync("", randomTable(random, "users", "orders")...)
			if err != nil {
				t.Fatal(err)
			}
			got := rowsByKey(t, bodies)
			if cores == 1 {
				want = append(want, got)
			} else if diff := cmp.Diff(want[sync], got); diff != "" {
				t.Errorf("%d cores, sync %d (-one core +these):\n%s", cores, sync, diff)
			}
		}
	}
}

// rowsByKey returns the rows of bodies by stream and key.
func rowsByKey(t *testing.T, bodies []string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, text := range bodies {
		var body struct{ Rows []json.RawMessage }
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatal(err)
		}
		for _, row := range body.Rows {
			var r struct {
				Data       struct{ Of string }
				PrimaryKey string `json:"primary_key"`
			}
			if err := json.Unmarshal(row, &r); err != nil {
				t.Fatal(err)
			}
			at := r.Data.Of + " " + r.PrimaryKey
			all[at] = append(all[at], string(row))
		}
	}
	return all
}
