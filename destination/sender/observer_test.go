package sender

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/route"
)

// recorder is an Observer that keeps what it is told.
type recorder struct {
	attempts []int // rows
	settled  []Counts
}

func (r *recorder) Attempted(_ *route.Route, rows int, _ delivery.Attempt) {
	r.attempts = append(r.attempts, rows)
}
func (r *recorder) Settled(_ *route.Route, c Counts) { r.settled = append(r.settled, c) }

// What the endpoint took before a batch failed counts, and so do attempts that failed.
func TestRowsTakenBeforeAFailureCount(t *testing.T) {
	statuses := []int{400, 200, 401} // the whole batch, its first half, its second half
	e := &endpoint{}
	e.answer = func([]int, int) (int, string) { return statuses[len(e.requests)-1], "" }
	s, b := senderOf(t, 4, itself, e, &letterBox{})
	told := &recorder{}
	s.options.Observer = told
	if out := s.Send(t.Context(), b); out.Err == nil {
		t.Error("the batch was delivered")
	}
	taken := len(b.Row(0)) + len(b.Row(1)) + 2*len(b.Stream.Frame.Separator)
	want := &recorder{attempts: []int{4, 2, 2}, settled: []Counts{{Accepted: upserted(2), Settled: upserted(2), Bytes: taken}}}
	if diff := cmp.Diff(want, told, cmp.AllowUnexported(recorder{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
