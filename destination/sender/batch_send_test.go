package sender

import (
	"errors"
	"math/bits"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"destination-webhook/destination/failure"
)

// Rows at fault are found alone, the others are delivered once and in order, at the promised cost.
func TestRowsAtFaultAreIsolated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(payloads).Draw(t, "payload")
		n := rapid.IntRange(1, mostRows(p, 300)).Draw(t, "rows")
		bad := map[int]bool{0: false}
		for _, id := range rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 15).Draw(t, "bad") {
			bad[id] = true
		}
		delete(bad, -1)
		e := &endpoint{answer: refusing(bad), payload: p}
		box := &letterBox{}
		s, b := senderOf(t, n, itself, e, box)
		out := s.Send(t.Context(), b)
		if out.Err != nil {
			t.Fatal(out.Err)
		}
		var want, wantTaken []int
		for id := range n {
			if bad[id] {
				want = append(want, id)
			} else {
				wantTaken = append(wantTaken, id)
			}
		}
		if diff := cmp.Diff(want, out.Rejected); diff != "" {
			t.Errorf("rejected: %s", diff)
		}
		taken := e.taken(func(ids []int) bool { status, _ := e.answer(ids, 0); return status == 200 })
		if diff := cmp.Diff(wantTaken, taken); diff != "" {
			t.Errorf("delivered, in order: %s", diff)
		}
		if most := 2*len(want)*bits.Len(uint(n-1)) + 1; len(e.requests) > most {
			t.Errorf("%d requests for %d rows at fault among %d, want at most %d", len(e.requests), len(want), n, most)
		}
		if len(box.lines) != len(want) {
			t.Errorf("%d dead letters, want %d", len(box.lines), len(want))
		}
	})
}

func TestTooLargeHalvesAndRemembers(t *testing.T) {
	var sizes []int
	e := &endpoint{answer: func(_ []int, size int) (int, string) {
		sizes = append(sizes, size)
		if size > 1000 {
			return 413, ""
		}
		return 200, ""
	}}
	s, b := senderOf(t, 100, itself, e, &letterBox{})
	if out := s.Send(t.Context(), b); out.Err != nil || out.Rejected != nil {
		t.Fatalf("got %+v", out)
	}
	refused := func() (n int) {
		for _, size := range sizes {
			if size > 1000 {
				n++
			}
		}
		return n
	}
	first := refused()
	if first == 0 || first > 3 {
		t.Errorf("%d bodies were refused on the way down, want the limit to be learned from the first", first)
	}
	_, second := senderOf(t, 100, itself, e, nil)
	if out := s.Send(t.Context(), second); out.Err != nil {
		t.Fatal(out.Err)
	}
	if again := refused() - first; again > 0 {
		t.Errorf("%d bodies above the known limit were tried again", again)
	}
}

func TestSingleRowThatIsTooLargeIsRejected(t *testing.T) {
	e := &endpoint{answer: func(ids []int, _ int) (int, string) {
		if slices.Contains(ids, 1) {
			return 413, ""
		}
		return 200, ""
	}}
	s, b := senderOf(t, 3, itself, e, &letterBox{})
	out := s.Send(t.Context(), b)
	if diff := cmp.Diff([]int{1}, out.Rejected); diff != "" || out.Err != nil {
		t.Errorf("got %+v", out)
	}
}

// A panic while a batch is sent is an error: Go's own report would show its value.
func TestPanicOfASenderIsAnError(t *testing.T) {
	err := new(Stream).Send(t.Context(), nil).Err
	if p := (*failure.Panic)(nil); !errors.As(err, &p) {
		t.Errorf("got %v, want a panic", err)
	}
}

// The rows of a batch count as much together as in two parts, one of them having been set too.
func TestAllRowsCountAsTheirParts(t *testing.T) {
	for _, set := range []bool{false, true} {
		s, b := senderOf(t, 5, itself, &endpoint{}, nil)
		if set {
			b.SetRow(3, []byte(`{"data":{"id":3,"key":3},"operation":"removed","primary_key":3}`))
		}
		whole, parts := &batchSend{stream: s, batch: b}, &batchSend{stream: s, batch: b}
		whole.accept([]int{0, 1, 2, 3, 4}, "")
		parts.accept([]int{0, 1}, "")
		parts.accept([]int{2, 3, 4}, "")
		if whole.accepted != parts.accepted || whole.begun != parts.begun || whole.acceptedBytes != parts.acceptedBytes || whole.begun.Sum() != 5 {
			t.Errorf("set %v: together %v of %v with %d bytes, in parts %v of %v with %d", set,
				whole.accepted, whole.begun, whole.acceptedBytes, parts.accepted, parts.begun, parts.acceptedBytes)
		}
	}
}
