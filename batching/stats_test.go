package batching

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/protocol"
)

// The numbers of a batch go out once, with the first state after its last row that speaks for its
// stream, and skipped records with the first state after them.
func TestStatsOfStates(t *testing.T) {
	var got []string
	emit := func(s *protocol.State, _, _ int64) {
		got = append(got, fmt.Sprintf("%d: %d sent, %d skipped", eventOf(s), s.Additional.Delivered.Sum(), s.Additional.Skipped[protocol.Unchanged]))
	}
	o := Options{MaxRows: 10, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 64 << 20, MaxInFlight: 1}
	p := New(t.Context(), o, func(_ context.Context, b *Batch) Outcome {
		return Outcome{Stats: protocol.AdditionalStats{Delivered: protocol.RowCounts{protocol.Added: int64(b.Rows())}}}
	}, emit)
	streams, states := []*Stream{p.Stream(testFrame, false), p.Stream(testFrame, false)}, 0
	add := func(stream, rows, skipped int) {
		for range rows {
			p.Add(streams[stream], &Row{Data: []byte("1")}, time.Time{})
		}
		for range skipped {
			p.Skip(streams[stream], protocol.Unchanged)
		}
	}
	state := func(kind protocol.StateKind, stream int) {
		var s *Stream
		if states++; kind == protocol.StreamState {
			s = streams[stream]
		}
		p.State(stateOf(t, event{kind: kind, id: states, stream: stream}), s)
	}
	add(0, 3, 1)
	add(1, 2, 0)
	state(protocol.StreamState, 0) // 1
	add(0, 0, 2)
	state(protocol.StreamState, 0) // 2
	state(protocol.StreamState, 1) // 3
	add(1, 4, 0)
	deliver(p)
	state(protocol.GlobalState, 0) // 4
	add(0, 5, 0)
	add(1, 6, 0)
	state(protocol.StreamState, 1) // 5
	state(protocol.GlobalState, 0) // 6
	deliver(p)
	p.Close()
	want := []string{
		"1: 3 sent, 1 skipped", "2: 0 sent, 2 skipped", "3: 2 sent, 0 skipped",
		"4: 4 sent, 3 skipped", "5: 6 sent, 0 skipped", "6: 5 sent, 0 skipped",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
