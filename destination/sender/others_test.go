package sender

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Rows at fault at the head of a batch do not end the sync: others are tried first, and none
// overtakes an earlier row of its key.
func TestOthersAreTriedBeforeTheSyncEnds(t *testing.T) {
	const rows, bad, keys = 1000, 2 * maxRejectsWithoutSuccess, 300
	refused, first := map[int]bool{}, []int(nil)
	for id := range bad {
		refused[id], first = true, append(first, id)
	}
	e := &endpoint{answer: refusing(refused)}
	box := &letterBox{}
	s, b := senderOf(t, rows, func(id int) int { return id % keys }, e, box)
	out := s.Send(t.Context(), b)
	if diff := cmp.Diff(first, out.Rejected); diff != "" || out.Err != nil || len(box.lines) != bad {
		t.Errorf("%v, %d dead letters, rejected: %s", out.Err, len(box.lines), diff)
	}
	last, count := map[int]int{}, 0
	for _, id := range e.taken(func(ids []int) bool { status, _ := e.answer(ids, 0); return status == 200 }) {
		count++
		if before, sent := last[id%keys]; sent && before >= id {
			t.Errorf("row %d comes after row %d of its key", id, before)
		}
		last[id%keys] = id
	}
	if count != rows-bad {
		t.Errorf("%d rows were delivered, want %d", count, rows-bad)
	}
}

// An endpoint that accepts no row is not asked about all of them, and none of them is a dead
// letter.
func TestOthersAreTriedUpToABound(t *testing.T) {
	e := &endpoint{answer: func([]int, int) (int, string) { return 422, "no" }}
	box := &letterBox{}
	s, b := senderOf(t, 1000, itself, e, box)
	out := s.Send(t.Context(), b)
	if out.Err == nil || !strings.Contains(out.Err.Error(), "nor any of 20 others of the batch") || len(box.lines) != 0 {
		t.Errorf("%d dead letters, %v", len(box.lines), out.Err)
	}
	if len(e.requests) > 100 {
		t.Errorf("%d requests", len(e.requests))
	}
	if last := e.requests[len(e.requests)-1]; len(last) != 1 || last[0] != 999 {
		t.Errorf("the last request has the rows %v, want the last row", last)
	}
}
