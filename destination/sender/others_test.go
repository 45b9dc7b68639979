package sender

import (
	"fmt"
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
	if out.Err == nil || !strings.Contains(out.Err.Error(), "refused each of 40 single rows") || len(box.lines) != 0 {
		t.Errorf("%d dead letters, %v", len(box.lines), out.Err)
	}
	if len(e.requests) > 100 {
		t.Errorf("%d requests", len(e.requests))
	}
	if last := e.requests[len(e.requests)-1]; len(last) != 1 || last[0] != 999 {
		t.Errorf("the last request has the rows %v, want the last row", last)
	}
}

// One row that the endpoint accepts shows that it takes rows: all others may become dead letters.
func TestOneAcceptedRowKeepsTheSyncGoing(t *testing.T) {
	const rows = 100
	refused := map[int]bool{}
	for id := range rows - 1 {
		refused[id] = true
	}
	s, b := senderOf(t, rows, itself, &endpoint{answer: refusing(refused)}, &letterBox{})
	if out := s.Send(t.Context(), b); out.Err != nil || len(out.Rejected) != rows-1 {
		t.Errorf("%d rows rejected, want %d: %v", len(out.Rejected), rows-1, out.Err)
	}
}

// If a batch has too few others, nothing follows from the rows that were refused: the same few
// may be refused in each sync of a table, or bodies have one row each.
func TestFewRefusedRowsDoNotEndTheSync(t *testing.T) {
	const few = maxRejectsWithoutSuccess + 5
	nothing := func([]int, int) (int, string) { return 422, "no" }
	box := &letterBox{}
	s, b := senderOf(t, few, itself, &endpoint{answer: nothing}, box)
	if out := s.Send(t.Context(), b); out.Err != nil || len(out.Rejected) != few || len(box.lines) != few {
		t.Errorf("%d rows rejected, %d dead letters, %v", len(out.Rejected), len(box.lines), out.Err)
	}

	e := &endpoint{answer: nothing}
	s, _ = senderOf(t, 1, itself, e, &letterBox{})
	for sent := 1; ; sent++ {
		err := s.Send(t.Context(), batchOf(s.route, 1, itself)).Err
		if (err != nil) != (sent == maxRejectsOfSmallBatches) {
			t.Fatalf("batch %d of one row: %v", sent, err)
		}
		if err != nil {
			break
		}
	}

	box = &letterBox{}
	s, _ = senderOf(t, 1, itself, &endpoint{answer: nothing}, box)
	for range few {
		if err := s.Send(t.Context(), batchOf(s.route, 1, itself)).Err; err != nil {
			t.Fatal(err)
		}
	}
	if len(box.lines) != few {
		t.Errorf("%d dead letters, want %d", len(box.lines), few)
	}
}

// Rows that the endpoint wants once more are sent once more, whatever it rejects beside them.
func TestRowsThatAreAskedForOutliveRejections(t *testing.T) {
	const rejected, asked = maxRejectsWithoutSuccess, 80
	var entries []string
	for i := range rejected + asked {
		entries = append(entries, fmt.Sprintf(`{"index":%d,"retry":%v}`, i, i >= rejected))
	}
	first := true
	e := &endpoint{answer: func([]int, int) (int, string) {
		if !first {
			return 200, ""
		}
		first = false
		return 200, `{"rejected":[` + strings.Join(entries, ",") + `]}`
	}}
	s, b := senderOf(t, rejected+asked, itself, e, &letterBox{})
	if out := s.Send(t.Context(), b); out.Err != nil || len(out.Rejected) != rejected || len(e.requests) != 2 || len(e.requests[1]) != asked {
		t.Errorf("%v, %d rows rejected, requests %v", out.Err, len(out.Rejected), e.requests)
	}
}
