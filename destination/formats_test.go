package destination

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A mirror sends the same rows in every format, three generations long: what is added, changed and
// removed.
func TestFormatsMirrorATable(t *testing.T) {
	generations := [][]string{
		table(`{"id":1,"v":"a"}`, `{"id":2,"v":"b"}`, `{"id":3}`),
		table(`{"id":1,"v":"a"}`, `{"id":2,"v":"c"}`),
		table(`{"id":3}`, `{"id":2,"v":"c"}`, `{"id":1,"v":"a"}`),
	}
	full := func(data, operation, key string) string {
		return fmt.Sprintf(`{"data":%s,"operation":%q,"primary_key":%q}`, data, operation, key)
	}
	rows := [][]string{
		{full(`{"id":1,"v":"a"}`, "added", "1"), full(`{"id":2,"v":"b"}`, "added", "2"), full(`{"id":3}`, "added", "3")},
		{full(`{"id":2,"v":"c"}`, "changed", "2"), full(`{"id":3}`, "removed", "3")},
		{full(`{"id":3}`, "added", "3")},
	}
	for payload, body := range map[string]func(rows []string) string{
		`"format":"array","row":"full"`:  func(rows []string) string { return "[" + strings.Join(rows, ",") + "]" },
		`"format":"ndjson","row":"full"`: func(rows []string) string { return strings.Join(rows, "\n") + "\n" },
		`"format":"wrapped","row":"full","wrapper":"{\"of\":\"$stream\",\"items\":\"$rows\"}"`: func(rows []string) string {
			return `{"of":"users","items":[` + strings.Join(rows, ",") + "]}"
		},
	} {
		t.Run(payload, func(t *testing.T) {
			r := newRig(t)
			for i, input := range generations {
				bodies, err := r.sync(`,"sync_mode":"mirror","max_removed_percent":100,"payload":{`+payload+`}`, input...)
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				for _, part := range splitRemoved(rows[i]) { // what left is found at the end
					want = append(want, body(part))
				}
				if diff := cmp.Diff(want, bodies); diff != "" {
					t.Errorf("generation %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

func splitRemoved(rows []string) [][]string {
	i := slices.IndexFunc(rows, func(row string) bool { return strings.Contains(row, "removed") })
	if i < 0 {
		return [][]string{rows}
	}
	return [][]string{rows[:i], rows[i:]}
}

// Where a format sends the data alone, the snapshot still knows the keys: an equal row is not sent
// again.
func TestFormatsOfDataAreCompared(t *testing.T) {
	for payload, want := range map[string][][]string{
		`"format":"array"`:  {{`[{"id":1},{"id":2,"v":1}]`}, {`[{"id":2.0,"v":2}]`}},
		`"format":"ndjson"`: {{"{\"id\":1}\n{\"id\":2,\"v\":1}\n"}, {"{\"id\":2.0,\"v\":2}\n"}},
		`"format":"single"`: {{`{"id":1}`, `{"id":2,"v":1}`}, {`{"id":2.0,"v":2}`}},
		`"format":"form"`:   {{`id=1`, `id=2&v=1`}, {`id=2.0&v=2`}},
	} {
		t.Run(payload, func(t *testing.T) {
			r := newRig(t)
			for i, input := range [][]string{table(`{"id":1}`, `{"id":2,"v":1}`), table(`{"id":2.0,"v":2}`, `{"id":1.0}`)} {
				bodies, err := r.sync(`,"sync_mode":"upsert","payload":{`+payload+`}`, input...)
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(bodies) // rows of different keys may overtake each other
				if diff := cmp.Diff(want[i], bodies); diff != "" {
					t.Errorf("sync %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}
