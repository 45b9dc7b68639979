package local

import (
	"bytes"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/go-cmp/cmp"
)

// tablesOf are tables in the order of their keys, which are letters, with a size each.
func tablesOf(keys string, sizes ...uint64) (tables []pebble.SSTableInfo) {
	for i, size := range sizes {
		var table pebble.SSTableInfo
		table.Smallest.UserKey, table.Size = []byte(keys[i:i+1]), size
		tables = append(tables, table)
	}
	return tables
}

// A part keeps its start while the database is open, and gets another one within it when it has
// grown.
func TestPartsAreDivided(t *testing.T) {
	for name, c := range map[string]struct {
		old    string
		tables []pebble.SSTableInfo
		want   string
	}{
		"nothing":          {},
		"one table":        {"", tablesOf("b", 40), ""},
		"large tables":     {"", tablesOf("bdf", 10, 10, 10), "df"},
		"a small table":    {"", tablesOf("bdfh", 10, 2, 10, 2), "f"},
		"small tables":     {"", tablesOf("bdfhjl", 4, 4, 4, 4, 4, 4), "h"},
		"parts stay":       {"cg", tablesOf("bdfh", 4, 4, 4, 4), "cg"},
		"a part has grown": {"cg", tablesOf("bdefh", 4, 10, 10, 4, 4), "ceg"},
		"after all tables": {"x", tablesOf("bd", 10, 10), "dx"},
		"the same start":   {"", tablesOf("bdddf", 40, 40, 40, 40, 40), "df"},
	} {
		var old [][]byte
		for _, start := range []byte(c.old) {
			old = append(old, []byte{start})
		}
		got := divide(old, c.tables, 10)
		if text := string(bytes.Join(got, nil)); text != c.want {
			t.Errorf("%s: parts begin with %q, want %q", name, text, c.want)
		}
	}
}

// What is compacted at once ends below the next part.
func TestBeforeAKey(t *testing.T) {
	for start, below := range map[string]string{"ab": "aaz", "a\x00": "a", "b": "azzz"} {
		to := before([]byte(start))
		if string(to) >= start || string(to) < below {
			t.Errorf("before %q is %q", start, to)
		}
	}
}

// The parts of a store cover all keys, in their order.
func TestPartsCoverAllKeys(t *testing.T) {
	p := parts{starts: [][]byte{[]byte("e1"), []byte("e2"), []byte("r1")}}
	var ends []string
	for _, key := range []string{"e", "e1", "e11", "e2", "q", "r1"} {
		_, end, err := p.policy([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, string(end))
	}
	if diff := cmp.Diff([]string{"e1", "e2", "e2", "f", "r", "s"}, ends); diff != "" {
		t.Error(diff)
	}
}
