package sender

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// table is an endpoint that keeps one row for each key, and refuses rows, asks for them once more
// and refuses whole requests at random, as well as bodies that are too large. It drops a request
// whose name it has seen.
type table struct {
	t       *rapid.T
	most    int // bytes of a body
	keyOf   func(id int) int
	rows    map[int]int  // the id of the row that it has of each key
	taken   map[int]bool // ids that were in the table once
	asked   map[int]int  // how often it asked for an id once more
	refused map[int]bool // ids, alone or by a verdict
	names   map[string]bool
	e       *endpoint
}

func (m *table) answer(ids []int, size int) (int, string) {
	name := m.e.names[len(m.e.names)-1]
	if m.names[name] {
		m.t.Fatalf("the name %s is given twice, now to the rows %v", name, ids)
	}
	m.names[name] = true
	if size > m.most {
		if len(ids) == 1 {
			m.refused[ids[0]] = true
		}
		return 413, ""
	}
	if !slices.ContainsFunc(ids, func(id int) bool { return m.taken[id] }) && rapid.IntRange(0, 5).Draw(m.t, "whole") == 0 {
		if len(ids) == 1 {
			m.refused[ids[0]] = true
		}
		return rapid.SampledFrom([]int{400, 409, 422}).Draw(m.t, "status"), ""
	}
	var entries []map[string]any
	for place, id := range ids {
		switch verdict := rapid.IntRange(0, 5).Draw(m.t, "verdict"); {
		case verdict == 0 && !m.taken[id]:
			entries = append(entries, map[string]any{"index": place})
			m.refused[id] = true
		case verdict == 1 && (m.asked[id] == 0 || !m.taken[id]):
			entries = append(entries, map[string]any{"index": place, "retry": true})
			if m.asked[id]++; m.asked[id] == 2 {
				m.refused[id] = true
			}
		default:
			m.rows[m.keyOf(id)], m.taken[id] = id, true
		}
	}
	body, _ := json.Marshal(map[string]any{"rejected": entries})
	return 200, string(body)
}

// lastOf returns the last id that has the key.
func lastOf(keys []int, key int) int {
	for id, other := range slices.Backward(keys) {
		if other == key {
			return id
		}
	}
	return -1
}

// Whatever an endpoint refuses and asks for, of each key it ends with the last row that was not
// rejected, and only what it refused, or asked for twice, is rejected; of a batch that is
// compacted, what it replaced as well. A rejected row is a dead letter with the data of its record,
// and arrives if that is sent again.
func TestEndpointEndsWithTheLastRowOfEachKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(payloads).Draw(t, "payload")
		n := rapid.IntRange(1, mostRows(p, 12)).Draw(t, "rows")
		keys := rapid.SliceOfN(rapid.IntRange(0, 3), n, n).Draw(t, "keys")
		keyOf := func(id int) int { return keys[id] }
		e := &endpoint{payload: p}
		most := rapid.SampledFrom([]int{1 << 20, 400, 200, 100, 30}).Draw(t, "bytes")
		box := &letterBox{}
		m := &table{t: t, most: most, keyOf: keyOf, rows: map[int]int{}, taken: map[int]bool{}, asked: map[int]int{}, refused: map[int]bool{}, names: map[string]bool{}, e: e}
		e.answer = m.answer
		s, b := senderOf(t, n, keyOf, e, box)
		s.options.Compact = rapid.Bool().Draw(t, "compact")
		out := s.Send(t.Context(), b)
		if out.Err != nil {
			t.Fatal(out.Err)
		}
		want, rejected := map[int]int{}, []int(nil)
		for id := range n {
			if m.refused[id] || s.options.Compact && m.refused[lastOf(keys, keys[id])] {
				rejected = append(rejected, id)
			} else {
				want[keyOf(id)] = id
			}
		}
		if diff := cmp.Diff(rejected, out.Rejected); diff != "" {
			t.Errorf("rejected: %s", diff)
		}
		if diff := cmp.Diff(want, m.rows); diff != "" {
			t.Errorf("the endpoint's table after %s: %s", fmt.Sprint(e.requests), diff)
		}
		if len(rejected) > 0 {
			replay(t, s, e, box, rejected, keyOf)
		}
	})
}

// replay sends the data of the dead letters again, to an endpoint that takes all.
func replay(t *rapid.T, s *Stream, e *endpoint, box *letterBox, rejected []int, keyOf func(id int) int) {
	var data, want []string
	for place, id := range rejected {
		var line struct {
			Record struct{ Data json.RawMessage }
		}
		if err := json.Unmarshal([]byte(box.lines[place]), &line); err != nil {
			t.Fatal(err)
		}
		data, want = append(data, string(line.Record.Data)), append(want, dataOf(id, keyOf(id)))
	}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Fatalf("the dead letters: %s", diff)
	}
	e.requests, e.answer = nil, func([]int, int) (int, string) { return 200, "" }
	s.options.Compact = false
	if out := s.Send(t.Context(), batchOfData(s.route, data)); out.Err != nil {
		t.Fatal(out.Err)
	}
	if diff := cmp.Diff(rejected, e.taken(func([]int) bool { return true })); diff != "" {
		t.Errorf("the replay: %s", diff)
	}
}
