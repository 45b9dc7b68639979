package batching

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/protocol"
)

// statesOut runs rows and states of several streams to the end of the input, one letter each ("a"
// is a row of stream a, "A" its state), and returns the states in the order in which they came out.
// send delivers the batches.
func statesOut(t *testing.T, input string, o Options, send Send) (out string) {
	p := New(t.Context(), o, send, func(s *protocol.State, _, _ int64) { out += string(rune(eventOf(s))) })
	defer p.Close()
	streams := make(map[rune]*Stream)
	for _, c := range "abcd" {
		streams[c] = p.Stream(testFrame, false)
	}
	for _, c := range input {
		if c >= 'a' {
			p.Add(streams[c], &Row{Data: []byte{byte(c)}}, time.Time{})
		} else {
			p.State(stateOf(t, event{kind: protocol.StreamState, id: int(c)}), streams[c-'A'+'a'])
		}
	}
	for p.Flush(); !p.Idle(); {
		p.Settle(<-p.Results())
		if p.Err() != nil {
			for p.InFlight() > 0 {
				p.Settle(<-p.Results())
			}
			return out
		}
	}
	return out
}

func TestStatesAtTheEndComeOutInTheOrderOfTheInput(t *testing.T) {
	for range 20 {
		for _, n := range []int{1, 4} {
			synctest.Test(t, func(t *testing.T) {
				o := Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 1 << 20, MaxInFlight: n}
				got := statesOut(t, "aaaAbBcCAdbBD", o, func(context.Context, *Batch) Outcome {
					time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
					return Outcome{}
				})
				if diff := cmp.Diff("ABCABD", got); diff != "" {
					t.Errorf("%d at once: %s", n, diff)
				}
			})
		}
	}
}

// The newest state waits for those before it, even if there are no rows before it in its stream: it
// may be the last one of the input. Another one after it shows that it is not.
func TestNewestStateWaitsForThoseBeforeIt(t *testing.T) {
	for input, want := range map[string]string{"aAB": "AB", "aABC": "BAC", "aAbBCbB": "CABB"} {
		synctest.Test(t, func(t *testing.T) {
			o := Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 1 << 20, MaxInFlight: 1}
			got := statesOut(t, input, o, func(context.Context, *Batch) Outcome { return Outcome{} })
			if got != want {
				t.Errorf("%s: states %q came out, want %q", input, got, want)
			}
		})
	}
}

// After a failure, a state that is due no longer waits for one that never will be.
func TestStatesThatAreDueComeOutAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 1 << 20, MaxInFlight: 4}
		got := statesOut(t, "aAbBcC", o, func(_ context.Context, b *Batch) Outcome {
			if b.Stream.Index == 0 {
				time.Sleep(time.Hour)
				return Outcome{Err: errSend}
			}
			return Outcome{}
		})
		if got != "BC" {
			t.Errorf("states %q came out, want BC", got)
		}
	})
}

// So does one that becomes due after the failure, while the input goes on.
func TestStatesThatBecomeDueAfterAFailureComeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out []int
		o := Options{MaxRows: 1, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 1 << 20, MaxInFlight: 4}
		p := New(t.Context(), o, func(_ context.Context, b *Batch) Outcome {
			if b.Stream.Index == 0 {
				return Outcome{Err: errSend}
			}
			time.Sleep(time.Hour)
			return Outcome{}
		}, func(s *protocol.State, _, _ int64) { out = append(out, eventOf(s)) })
		defer p.Close()
		for id := range 2 {
			s := p.Stream(testFrame, false)
			p.Add(s, &Row{Data: []byte("r")}, time.Time{})
			p.State(stateOf(t, event{kind: protocol.StreamState, id: id}), s)
		}
		p.FlushAged(time.Time{}.Add(o.MaxAge))
		drain(p)
		if diff := cmp.Diff([]int{1}, out); diff != "" {
			t.Errorf("states that came out (-want +got):\n%s", diff)
		}
	})
}

// The first GLOBAL state waits for the batches that closed before it, and needs no later one to
// come out.
func TestFirstGlobalStateWaitsForBatchesOfStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out []int
		o := Options{MaxRows: 1, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 1 << 20, MaxInFlight: 4}
		p := New(t.Context(), o, func(context.Context, *Batch) Outcome { return Outcome{} }, func(s *protocol.State, _, _ int64) { out = append(out, eventOf(s)) })
		defer p.Close()
		p.Add(p.Stream(testFrame, false), &Row{Data: []byte("r")}, time.Time{})
		p.FlushAged(time.Time{}.Add(o.MaxAge))
		p.State(stateOf(t, event{kind: protocol.GlobalState, id: 1}), nil)
		if len(out) > 0 {
			t.Error("the state came out before its row was delivered")
		}
		drain(p)
		if diff := cmp.Diff([]int{1}, out); diff != "" {
			t.Errorf("states that came out (-want +got):\n%s", diff)
		}
	})
}

// Batches that close together leave oldest first, so that states mostly come out in the order of
// the input.
func TestOldestBatchLeavesFirst(t *testing.T) {
	var sent []int
	p := New(t.Context(), Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: time.Second, MaxBuffered: 1 << 20, MaxInFlight: 1},
		func(_ context.Context, b *Batch) Outcome { sent = append(sent, b.Stream.Index); return Outcome{} }, nil)
	var streams []*Stream
	for range 5 {
		streams = append(streams, p.Stream(testFrame, false))
	}
	now := time.Unix(0, 0)
	order := []int{3, 1, 4, 0, 2}
	for _, i := range order {
		p.Add(streams[i], &Row{Data: []byte("a")}, now)
	}
	p.FlushAged(now.Add(time.Minute))
	for !p.Idle() {
		p.Settle(<-p.Results())
	}
	p.Close()
	if !slices.Equal(sent, order) {
		t.Errorf("streams left in the order %v, want %v", sent, order)
	}
}
