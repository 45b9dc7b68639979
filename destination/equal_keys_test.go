package destination

import (
	"fmt"
	"strings"
	"testing"
)

// row is a row of an envelope.
func row(data, operation, key string) string {
	return fmt.Sprintf(`{"data":%s,"operation":%q,"primary_key":%s}`, data, operation, key)
}

// Equal numbers are one key, however a source writes them: primary_key has the digits that the
// endpoint got first.
func TestEqualNumbersAreOneKey(t *testing.T) {
	for name, test := range map[string]struct {
		key   string        // paths in the catalog
		syncs [][2][]string // what the table has, and what is sent of it
	}{
		"an integer that becomes a decimal": {`[["id"]]`, [][2][]string{
			{{`{"id":1}`}, {row(`{"id":1}`, "added", `"1"`)}},
			{{`{"id":1.0}`}, nil},
			{{`{"id":1e0,"v":1}`}, {row(`{"id":1e0,"v":1}`, "changed", `"1"`)}},
			{{`{"id":10e-1,"v":2}`, `{"id":2}`}, {row(`{"id":10e-1,"v":2}`, "changed", `"1"`), row(`{"id":2}`, "added", `"2"`)}},
			{{`{"id":2.00}`}, {row(`{"id":10e-1,"v":2}`, "removed", `"1"`)}},
		}},
		"a decimal that becomes an integer": {`[["id"]]`, [][2][]string{
			{{`{"id":1.0}`, `{"id":-0}`, `{"id":2.50}`}, {row(`{"id":1.0}`, "added", `"1.0"`), row(`{"id":-0}`, "added", `"-0"`), row(`{"id":2.50}`, "added", `"2.50"`)}},
			{{`{"id":1}`, `{"id":0}`, `{"id":25e-1}`}, nil},
			{{`{"id":1,"v":1}`, `{"id":0,"v":1}`, `{"id":2.5}`}, {row(`{"id":1,"v":1}`, "changed", `"1.0"`), row(`{"id":0,"v":1}`, "changed", `"-0"`)}},
			{{`{"id":1,"v":1}`, `{"id":2.5}`}, {row(`{"id":0,"v":1}`, "removed", `"-0"`)}},
			{{`{"id":1.00,"v":1}`, `{"id":0}`, `{"id":2.5}`}, {row(`{"id":0}`, "added", `"0"`)}},
		}},
		"both in one table": {`[["id"]]`, [][2][]string{
			{{`{"id":1.0}`, `{"id":1}`, `{"id":1,"v":1}`}, {row(`{"id":1.0}`, "added", `"1.0"`), row(`{"id":1,"v":1}`, "changed", `"1.0"`)}},
			{{`{"id":1e0,"v":1}`}, nil},
		}},
		"a field of several": {`[["shop"],["id"]]`, [][2][]string{
			{{`{"shop":"1.0","id":1}`}, {row(`{"shop":"1.0","id":1}`, "added", `["1.0","1"]`)}},
			{{`{"shop":"1.0","id":1.0}`, `{"shop":"1","id":1.0}`}, {row(`{"shop":"1","id":1.0}`, "added", `["1","1.0"]`)}},
			{{`{"shop":"1.0","id":1e0}`, `{"shop":"1","id":1}`}, nil},
		}},
		"within a value": {`[["id"]]`, [][2][]string{
			{{`{"id":{"a":1,"b":[2]}}`}, {row(`{"id":{"a":1,"b":[2]}}`, "added", `"{\"a\":1,\"b\":[2]}"`)}},
			{{`{"id":{"b":[2.0],"a":1.0}}`}, nil},
			{{`{"id":{"b":[2.0],"a":1.0},"v":1}`}, {row(`{"id":{"b":[2.0],"a":1.0},"v":1}`, "changed", `"{\"a\":1,\"b\":[2]}"`)}},
		}},
		"texts, which are not numbers": {`[["id"]]`, [][2][]string{
			{{`{"id":"1"}`, `{"id":"1.0"}`}, {row(`{"id":"1"}`, "added", `"1"`), row(`{"id":"1.0"}`, "added", `"1.0"`)}},
			{{`{"id":"1"}`}, {row(`{"id":"1.0"}`, "removed", `"1.0"`)}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.catalog = strings.Replace(usersRefresh, `[["id"]]`, test.key, 1)
			for _, sync := range test.syncs {
				var want []string
				if len(sync[1]) > 0 {
					want = []string{envelope("mirror", sync[1]...)}
				}
				r.want(`,"allow_mass_removal":true`, table(sync[0]...), want...)
			}
		})
	}
}

// Without a snapshot nobody knows what the endpoint got first: each row has its own digits, and
// those of equal keys stay in order.
func TestEqualNumbersWithoutASnapshot(t *testing.T) {
	r := newRig(t)
	r.snapshot = `{"type":"none"}`
	r.want(`,"sync_mode":"upsert"`, table(`{"id":1}`, `{"id":1.0}`),
		envelope("upsert", `{"data":{"id":1},"primary_key":"1"}`, `{"data":{"id":1.0},"primary_key":"1.0"}`))
}
