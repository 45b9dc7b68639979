package destination

import (
	"fmt"
	"testing"
)

// With batching.compact the operation of the row that is sent is the one that leads to it from what
// the endpoint has, and the snapshot knows what the endpoint ends with.
func TestCompactedOperations(t *testing.T) {
	const (
		present = `{"data":{"id":1,"n":%d},"operation":%q,"primary_key":"1"}`
		deleted = `{"id":1,"_ab_cdc_deleted_at":"now"}`
		removed = `{"data":{"id":1,"_ab_cdc_deleted_at":"now"},"operation":"removed","primary_key":"1"}`
	)
	row := func(n int) string { return fmt.Sprintf(`{"id":1,"n":%d}`, n) }
	for name, test := range map[string]struct {
		before []string // rows of an earlier sync
		rows   []string
		want   string
	}{
		"added, changed":          {nil, []string{row(1), row(2)}, fmt.Sprintf(present, 2, "added")},
		"changed, changed":        {[]string{row(1)}, []string{row(2), row(3)}, fmt.Sprintf(present, 3, "changed")},
		"removed, added":          {[]string{row(1)}, []string{deleted, row(2)}, fmt.Sprintf(present, 2, "changed")},
		"changed, removed":        {[]string{row(1)}, []string{row(2), deleted}, removed},
		"added, removed":          {nil, []string{row(1), deleted}, removed},
		"added, removed, added":   {nil, []string{row(1), deleted, row(3)}, fmt.Sprintf(present, 3, "added")},
		"changed, removed, added": {[]string{row(1)}, []string{row(2), deleted, row(3)}, fmt.Sprintf(present, 3, "changed")},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.catalog = `{"streams":[{"stream":{"name":"users","json_schema":{}},"sync_mode":"incremental","destination_sync_mode":"append_dedup","primary_key":[["id"]]}]}`
			const options = `,"sync_mode":"mirror","batching":{"compact":true}`
			if test.before != nil {
				if _, err := r.sync(options, table(test.before...)...); err != nil {
					t.Fatal(err)
				}
			}
			input := table(test.rows...)
			r.want(options, input, envelope("mirror", test.want))
			last := table(test.rows[len(test.rows)-1])
			if test.want == removed {
				return // a deletion mark is sent each time
			}
			r.want(options, last)
		})
	}
}

// If the operation cannot be restated, as the body does not show it, all rows are sent whose place
// the last could take only with another one.
func TestHiddenOperationsAreNotRestated(t *testing.T) {
	r := newRig(t)
	const options = `,"sync_mode":"upsert","batching":{"compact":true},"payload":{"format":"array"}`
	r.want(options, table(`{"id":1,"n":1}`, `{"id":1,"n":2}`, `{"id":2,"n":1}`), `[{"id":1,"n":1},{"id":1,"n":2},{"id":2,"n":1}]`)
	r.want(options, table(`{"id":1,"n":3}`, `{"id":1,"n":4}`, `{"id":2,"n":1}`), `[{"id":1,"n":4}]`)
}
