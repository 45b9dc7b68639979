package batching

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/protocol"
)

// deliver sends all rows that are open and settles every batch.
func deliver(p *Pipeline) {
	for p.Flush(); !p.Idle(); {
		p.Settle(<-p.Results())
	}
}

// updates sends rows of the keys through a pipeline whose endpoint takes a second for each request,
// and returns how long that takes and the batches, as the keys in them.
func updates(t *testing.T, o Options, keys []int) (took time.Duration, batches [][]int) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		p := New(t.Context(), o, func(_ context.Context, b *Batch) Outcome {
			mu.Lock()
			defer mu.Unlock()
			var rows []int
			for _, row := range eventsOf(b.Body) {
				rows = append(rows, keys[row])
			}
			batches = append(batches, rows)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			return Outcome{}
		}, nil)
		s := p.Stream(testFrame, true)
		start := time.Now()
		for i, key := range keys {
			for p.Full() {
				p.Settle(<-p.Results())
			}
			p.Add(s, &Row{Data: fmt.Append(nil, i), Key: keyHash(key)}, start)
		}
		deliver(p)
		p.Close()
		took = time.Since(start)
	})
	return took, batches
}

var updateOptions = Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 256 << 20, MaxInFlight: 8, Partitions: 16}

// Updates of repeating keys use all requests that are allowed, as those of unique keys do; a hot
// key is limited by itself alone.
func TestRepeatingKeysFlyTogether(t *testing.T) {
	const rows = 40_000
	r := rand.New(rand.NewPCG(1, 2))
	unique, uniform, hot := make([]int, rows), make([]int, rows), make([]int, rows)
	for i := range rows {
		unique[i], uniform[i] = i, r.IntN(2000)
		if hot[i] = i; i%10 == 0 {
			hot[i] = -2
		}
	}
	best, batches := updates(t, updateOptions, unique)
	if len(batches) != rows/updateOptions.MaxRows {
		t.Errorf("unique keys take %d batches, want %d", len(batches), rows/updateOptions.MaxRows)
	}
	for name, keys := range map[string][]int{"uniform": uniform, "hot": hot} {
		took, _ := updates(t, updateOptions, keys)
		if limit := best * 5 / 4; took > limit {
			t.Errorf("%s: %v, want at most %v, as unique keys take %v", name, took, limit, best)
		}
	}
}

// While a request with a hot key hangs, the other keys are delivered: all but those that share a
// batch with it, which are few. That holds until its batches, which wait, fill the pipeline.
func TestHotKeyDelaysOnlyItself(t *testing.T) {
	const rows, hot = 12_000, -2
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		isHot := func(row int) bool { return row%10 == 0 }
		delivered := make([]bool, rows)
		var hanging atomic.Int32
		p := New(t.Context(), updateOptions, func(_ context.Context, b *Batch) Outcome {
			events := eventsOf(b.Body)
			if slices.ContainsFunc(events, isHot) {
				hanging.Add(1)
				<-answer
			}
			for _, row := range events {
				delivered[row] = true
			}
			return Outcome{}
		}, nil)
		s := p.Stream(testFrame, true)
		settle := func() {
			for synctest.Wait(); len(p.Results()) > 0; synctest.Wait() {
				p.Settle(<-p.Results())
			}
		}
		for row := range rows {
			if settle(); p.Full() {
				t.Fatalf("the pipeline is full at row %d", row)
			}
			key := row
			if isHot(row) {
				key = hot
			}
			p.Add(s, &Row{Data: fmt.Append(nil, row), Key: keyHash(key)}, time.Now())
		}
		p.Flush()
		settle()
		if n, late := hanging.Load(), lateRows(t, delivered, isHot); n != 1 || late > rows/20 {
			t.Errorf("%d requests hang, and %d rows of other keys wait; want one, and at most %d", n, late, rows/20)
		}
		close(answer)
		deliver(p)
		p.Close()
		if slices.Contains(delivered, false) {
			t.Error("not all rows are delivered in the end")
		}
	})
}

// lateRows returns how many rows of other keys than the hot one are not delivered yet. It fails if
// one of the hot key is.
func lateRows(t *testing.T, delivered []bool, isHot func(row int) bool) (late int) {
	t.Helper()
	for row, done := range delivered {
		switch {
		case isHot(row) && done:
			t.Fatalf("row %d of the hot key is delivered", row)
		case !isHot(row) && !done:
			late++
		}
	}
	return late
}

// Batches that are parted share no key, are within the limits, and hold their rows in order; so few
// rows that they fit one batch are one request, and few rows make as few requests as they would
// unparted.
func TestPartedBatches(t *testing.T) {
	for _, n := range []int{1, 99, 100, 101, 200, 850, 1600} {
		keys := make([]int, n)
		for i := range keys {
			keys[i] = i
		}
		_, batches := updates(t, updateOptions, keys)
		if want := (n + 99) / 100; len(batches) != want {
			t.Errorf("%d rows make %d batches, want %d", n, len(batches), want)
		}
		in := make(map[int]int)
		for i, b := range batches {
			if !slices.IsSorted(b) || len(b) > 100 {
				t.Errorf("batch %d holds %v", i, b)
			}
			for _, key := range b {
				in[key]++
			}
		}
		if len(in) != n {
			t.Errorf("%d of %d rows were sent", len(in), n)
		}
	}
}

// What travels with a row stays with it when a batch is parted: its metadata, its suppression, its
// operation, and the states before it.
func TestPartedRowsKeepWhatIsTheirs(t *testing.T) {
	var got []string
	var counts []int64
	o := Options{MaxRows: 2, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 64 << 20, MaxInFlight: 1, Partitions: 8}
	p := New(t.Context(), o, func(_ context.Context, b *Batch) Outcome {
		var out Outcome
		for i := range b.Rows() {
			_, suppressed := slices.BinarySearch(b.Suppressed(), i)
			got = append(got, fmt.Sprintf("%s %s %v %v %d", b.Row(i), b.Metadata(i), suppressed, b.Key(i), b.Operation(i)))
			if i == 0 && string(b.Row(i)) < "2" {
				out.Rejected = append(out.Rejected, i)
			}
		}
		return out
	}, func(_ *protocol.State, records, rejected int64) { counts = append(counts, records, rejected) })
	s := p.Stream(testFrame, true)
	var want []string
	for i := range 6 {
		key := keyHash(i / 2)
		row := Row{Data: fmt.Append(nil, i), Metadata: []byte(strings.Repeat("m", i)), Suppressed: i%3 == 0, Key: key, Operation: protocol.Operation(i % 5)}
		want = append(want, fmt.Sprintf("%s %s %v %v %d", row.Data, row.Metadata, row.Suppressed, key, row.Operation))
		p.Add(s, &row, time.Time{})
		if i%2 == 1 {
			p.State(stateOf(t, event{kind: protocol.StreamState, id: i}), s)
		}
	}
	deliver(p)
	p.Close()
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{1, 1, 2, 0, 2, 0}, counts); diff != "" {
		t.Errorf("records and rejected of each state: %s", diff)
	}
}

// Many keyed streams grow no further than the memory allows.
func TestPartedStreamsShareTheMemory(t *testing.T) {
	for _, streams := range []int{1, 100, 10_000} {
		o := Options{MaxRows: 1000, MaxBytes: 100_000, MaxAge: time.Hour, MaxBuffered: 8 << 20, MaxInFlight: 4, Partitions: 16}
		p := New(t.Context(), o, func(context.Context, *Batch) Outcome { return Outcome{} }, nil)
		var all []*Stream
		for range streams {
			all = append(all, p.Stream(testFrame, true))
		}
		row, most := Row{Data: []byte(strings.Repeat("x", 400))}, 0
		for i := range 100_000 {
			row.Key = keyHash(i)
			p.Add(all[i%streams], &row, time.Time{})
			most = max(most, p.Buffered())
			for p.Full() {
				p.Settle(<-p.Results())
			}
		}
		deliver(p)
		p.Close()
		if limit := o.MaxBuffered + 2*o.Partitions*o.MaxBytes; most > limit {
			t.Errorf("%d streams: %d bytes were buffered, want at most %d", streams, most, limit)
		}
	}
}

// Settled batches, which are kept for their memory, keep none of those that came after them: each of
// these could keep the next one, and all batches of a sync would stay in memory.
func TestSettledBatchesAreForgotten(t *testing.T) {
	o := Options{MaxRows: 10, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 64 << 20, MaxInFlight: 2, Partitions: 4}
	p := New(t.Context(), o, func(context.Context, *Batch) Outcome { return Outcome{} }, func(*protocol.State, int64, int64) {})
	s := p.Stream(testFrame, true)
	for i := range 10_000 {
		for p.Full() {
			p.Settle(<-p.Results())
		}
		p.Add(s, &Row{Data: []byte("x"), Key: keyHash(i % 20)}, time.Time{})
		if i%100 == 0 {
			p.State(stateOf(t, event{kind: protocol.StreamState, id: i}), s)
		}
	}
	deliver(p)
	p.Close()
	if len(p.free) == 0 {
		t.Fatal("no batch is kept for its memory")
	}
	for _, b := range p.free {
		for _, later := range b.followers[:cap(b.followers)] {
			if later != nil {
				t.Errorf("batch %d is settled and keeps batch %d", b.number, later.number)
			}
		}
		if b.segment != nil {
			t.Errorf("batch %d is settled and keeps its states", b.number)
		}
	}
}

// The open rows of a keyed stream grow to as many batches as there are partitions, within its share
// of the memory, and to one batch if that is less than two.
func TestOpenRowsGrowWithinTheirShare(t *testing.T) {
	o := Options{MaxRows: 1000, MaxBytes: 100_000, MaxBuffered: 8 << 20, Partitions: 16}
	for keyed, want := range map[int]limits{1: {16_000, 1_600_000}, 4: {16_000, 1 << 20}, 30: {1000, 100_000}, 10_000: {1000, 100_000}} {
		if got := o.openLimits(o.limits(&Stream{Keyed: true}), keyed); got != want {
			t.Errorf("one of %d streams grows to %d rows and %d bytes, want %d and %d", keyed, got.rows, got.bytes, want.rows, want.bytes)
		}
	}
}

// A stream may have a lower limit of rows than the others: its batches keep to it, and the rows of
// a key their order.
func TestAStreamOfSingleRows(t *testing.T) {
	for _, keyed := range []bool{false, true} {
		var got []string
		o := Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 64 << 20, MaxInFlight: 1, Partitions: 4}
		p := New(t.Context(), o, func(_ context.Context, b *Batch) Outcome {
			got = append(got, string(b.Body))
			return Outcome{}
		}, nil)
		single, many := p.Stream(testFrame, keyed), p.Stream(testFrame, keyed)
		single.MaxRows = 1
		for i := range 6 {
			p.Add(single, &Row{Data: fmt.Append(nil, i), Key: keyHash(i % 2)}, time.Time{})
			p.Add(many, &Row{Data: fmt.Append(nil, i), Key: keyHash(i % 2)}, time.Time{})
			for p.Full() {
				p.Settle(<-p.Results())
			}
		}
		deliver(p)
		p.Close()
		if len(got) != 7 {
			t.Errorf("keyed %v: %d batches, want one for each of 6 rows, and one of the other stream: %v", keyed, len(got), got)
		}
		for key := range 2 {
			var order []string
			for _, body := range got {
				if rows := eventsOf([]byte(body)); len(rows) == 1 && rows[0]%2 == key {
					order = append(order, body)
				}
			}
			if !slices.IsSorted(order) || len(order) != 3 {
				t.Errorf("keyed %v: key %d was sent as %v", keyed, key, order)
			}
		}
	}
}
