package batching

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/racetest"
	"destination-webhook/protocol"
)

// A sync that resumes after a released state sends the same batches as one that was never
// interrupted, whatever the latencies and however many batches are in flight: that is what makes a
// Webhook-Id worth remembering. Age and memory, which cut batches at arbitrary places, are out of
// play here.
func TestResumedSyncSendsTheSameBatches(t *testing.T) {
	for seed := range racetest.Runs(300) {
		s := newScenario(uint64(seed))
		if s.kinds == mixedStates {
			continue
		}
		s.options.MaxAge, s.options.MaxBuffered = 1000*time.Hour, 1<<30
		for i := range s.events {
			s.events[i].pause = 0
		}
		whole, released := record(t, s)
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		for range min(5, len(released)) {
			resumed := *s
			resumed.events = remaining(s, released[r.IntN(len(released))])
			resumed.options.MaxInFlight, resumed.seed = 1+r.IntN(5), r.Uint64()
			again, _ := record(t, &resumed)
			if diff := cmp.Diff(rowsIn(resumed.events), rowsOf(again)); diff != "" {
				t.Fatalf("seed %d: the rows that the resumed sync sends (-want +got):\n%s", seed, diff)
			}
			for _, body := range again {
				if !slices.Contains(whole, body) {
					t.Fatalf("seed %d: the resumed sync sends %s, which the whole one did not", seed, body)
				}
			}
		}
	}
}

// rowsIn returns the rows among the events, in order.
func rowsIn(events []event) (rows []int) {
	for _, e := range events {
		if !e.state {
			rows = append(rows, e.id)
		}
	}
	return rows
}

// rowsOf returns the rows of batches that record has returned, in the order of the input.
func rowsOf(batches []string) (rows []int) {
	for _, b := range batches {
		_, body, _ := strings.Cut(b, " ")
		rows = append(rows, eventsOf([]byte(body))...)
	}
	slices.Sort(rows)
	return rows
}

// record runs a scenario without faults and returns the batches, by stream and body, and for each
// moment at which states came out all that were out by then. The states of a segment come out in
// one go.
func record(t *testing.T, s *scenario) (batches []string, released [][]event) {
	var out []event
	var last time.Time
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		err := drive(t, s, func(_ context.Context, b *Batch) Outcome {
			latency := rand.New(rand.NewPCG(s.seed, uint64(len(b.Body)))).IntN(1000)
			mu.Lock()
			batches = append(batches, fmt.Sprint(b.Stream.Index, " ", string(b.Body)))
			mu.Unlock()
			time.Sleep(time.Duration(latency) * time.Millisecond)
			return Outcome{}
		}, func(st *protocol.State, _, _ int64) {
			id := eventOf(st)
			if now := time.Now(); now.After(last) {
				released, last = append(released, out), now
			}
			out = slices.Concat(out, []event{s.events[slices.IndexFunc(s.events, func(e event) bool { return e.id == id })]})
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	return batches, append(released, out)
}

// remaining returns the input that follows the released states: each stream after its own last one,
// or all after the last GLOBAL one.
func remaining(s *scenario, released []event) (rest []event) {
	last := map[int]int{}
	for _, state := range released {
		last[state.stream] = max(last[state.stream], state.id+1)
	}
	for _, e := range s.events {
		if e.id >= max(last[e.stream], last[-1]) {
			rest = append(rest, e)
		}
	}
	return rest
}
