package sender

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/config"
	"destination-webhook/protocol"
)

func upserted(rows int64) protocol.RowCounts { return protocol.RowCounts{protocol.Upserted: rows} }

// Of several rows of one key only the last is sent, and the others settle with it.
func TestCompactSendsTheLastRowOfEachKey(t *testing.T) {
	keys := []int{1, 2, 1, 3, 1, 2}
	for mode, want := range map[config.SyncMode]struct {
		sent   []int
		counts Counts
	}{
		config.Upsert: {[]int{3, 4, 5}, Counts{Accepted: upserted(3), Settled: upserted(6), Replaced: 3}},
		config.Insert: {[]int{0, 1, 2, 3, 4, 5}, Counts{Accepted: upserted(6), Settled: upserted(6)}},
	} {
		e := &endpoint{answer: func([]int, int) (int, string) { return 200, "" }}
		s, b := senderOf(t, len(keys), func(id int) int { return keys[id] }, e, &letterBox{})
		s.route.Mode = mode
		told := &recorder{}
		s.options.Compact, s.options.Observer = true, told
		out := s.Send(t.Context(), b)
		if out.Err != nil || len(out.Rejected) > 0 {
			t.Errorf("%s: %v, rejected %v", mode, out.Err, out.Rejected)
		}
		if diff := cmp.Diff([][]int{want.sent}, e.requests); diff != "" {
			t.Errorf("%s: the requests: %s", mode, diff)
		}
		told.settled[0].Bytes = 0
		if diff := cmp.Diff(want.counts, told.settled[0]); diff != "" {
			t.Errorf("%s: the counts: %s", mode, diff)
		}
	}
}

// Nothing is lost if the row that was sent is rejected: those in whose place it was become dead
// letters with it.
func TestReplacedRowsAreRejectedWithTheirLast(t *testing.T) {
	keys := []int{1, 2, 1, 1}
	e := &endpoint{answer: refusing(map[int]bool{3: true})}
	box := &letterBox{}
	s, b := senderOf(t, len(keys), func(id int) int { return keys[id] }, e, box)
	told := &recorder{}
	s.options.Compact, s.options.Observer = true, told
	out := s.Send(t.Context(), b)
	if diff := cmp.Diff([]int{0, 2, 3}, out.Rejected); diff != "" || out.Err != nil {
		t.Errorf("rejected: %s, %v", diff, out.Err)
	}
	if c := told.settled[0]; c.Accepted != upserted(1) || c.Rejected != upserted(3) || c.Replaced != 0 {
		t.Errorf("the counts are %+v", c)
	}
	for n, reason := range []string{"a later row with its primary key was sent in its place: ", "a later row", "422"} {
		if !strings.Contains(box.lines[n], reason) || !strings.Contains(box.lines[n], "422") {
			t.Errorf("dead letter %d is %s, want the reason %q", n, box.lines[n], reason)
		}
	}
}

// Rows that are tried before their turn, as all before them were refused, are not those that others
// replace.
func TestReplacedRowsAreNotTried(t *testing.T) {
	const rows = 100
	e := &endpoint{answer: func([]int, int) (int, string) { return 422, "" }}
	s, b := senderOf(t, rows, func(id int) int { return id / 2 }, e, &letterBox{})
	s.options.Compact = true
	if out := s.Send(t.Context(), b); out.Err == nil {
		t.Error("the sync goes on")
	}
	for _, ids := range e.requests {
		for _, id := range ids {
			if id%2 == 0 {
				t.Fatalf("row %d was sent, which row %d replaces", id, id+1)
			}
		}
	}
}
