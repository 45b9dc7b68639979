package batching

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/protocol"
)

// fill calls add with a row for each text, with a state if the text is empty.
func fill(add func(r *Row, states int64, came arrival), texts ...string) {
	states := int64(0)
	for i, text := range texts {
		if text == "" {
			states++
			continue
		}
		add(&Row{Data: []byte(text), Metadata: []byte("n" + text), Key: uint64(i + 1), Operation: protocol.Operation(i % 5), Suppressed: strings.HasPrefix(text, "s")}, states, arrivalAt(int64(i)))
	}
}

// Rows with metadata may follow rows without it.
func TestMetadataOfSomeRows(t *testing.T) {
	b := &Batch{Stream: &Stream{}}
	for _, metadata := range []string{"", "", "m", "", "n"} {
		b.add(&Row{Data: []byte("1"), Metadata: []byte(metadata)}, 0)
	}
	for i, want := range []string{"", "", "m", "", "n"} {
		if got := string(b.Metadata(i)); got != want {
			t.Errorf("row %d has %q, want %q", i, got, want)
		}
	}
}

func arrivalAt(n int64) arrival { return arrival{n, time.Unix(n, 0)} }

func TestSplitAfterTheLastState(t *testing.T) {
	for name, tt := range map[string]struct {
		rows         int // of a batch
		closed, open []string
		states       []int64 // before the first row of each batch
	}{
		"in one batch":           {100, []string{`{"rows":[a,sb,c`}, []string{`{"rows":[d,se,f`}, []int64{0, 2}},
		"in the second batch":    {2, []string{`{"rows":[a,sb`, `{"rows":[c`}, []string{`{"rows":[d,se`, `{"rows":[f`}, []int64{0, 1, 2, 2}},
		"where two batches meet": {3, []string{`{"rows":[a,sb,c`}, []string{`{"rows":[d,se,f`}, []int64{0, 2}},
		"a row a batch":          {1, []string{`{"rows":[a`, `{"rows":[sb`, `{"rows":[c`}, []string{`{"rows":[d`, `{"rows":[se`, `{"rows":[f`}, []int64{0, 0, 1, 2, 2, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Pipeline{options: Options{MaxRows: tt.rows, MaxBytes: 1000}}
			s := &Stream{Frame: testFrame, Keyed: true, one: limits{tt.rows, 1000}}
			fill(func(r *Row, states int64, came arrival) { p.append(s, r, states, came) }, "a", "sb", "", "c", "", "d", "se", "f")
			closed := p.split(s)
			all := slices.Concat(closed, s.open.batches)
			if diff := cmp.Diff([][]string{tt.closed, tt.open}, [][]string{bodies(closed), bodies(s.open.batches)}); diff != "" {
				t.Errorf("what is closed and what stays open: %s", diff)
			}
			var rows []string
			var states []int64
			for _, b := range all {
				states = append(states, b.statesBefore(0))
				for r := range b.from(0) {
					rows = append(rows, fmt.Sprintf("%s %s %d %d %v", r.Data, r.Metadata, r.Key, r.Operation, r.Suppressed))
				}
			}
			if diff := cmp.Diff([]string{"a na 1 0 false", "sb nsb 2 1 true", "c nc 4 3 false", "d nd 6 0 false", "se nse 7 1 true", "f nf 8 2 false"}, rows); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.states, states); diff != "" {
				t.Errorf("states before the batches: %s", diff)
			}
			if got := s.open.first.number; got != 5 {
				t.Errorf("the first open row is number %d, want 5", got)
			}
			checkAccounts(t, p, s)
		})
	}
}

// checkAccounts compares what a pipeline has counted of its only stream with what is there.
func checkAccounts(t *testing.T, p *Pipeline, s *Stream) {
	t.Helper()
	held, full := 0, limits{}
	for i, b := range s.open.batches {
		b.accountMemory()
		held += b.held
		if i < len(s.open.batches)-1 {
			full = limits{full.rows + b.Rows(), full.bytes + b.length()}
		}
	}
	if s.open.held != held || p.openBytes != held || s.open.full != full {
		t.Errorf("%d and %d bytes are counted, want %d; %v in full batches, want %v", s.open.held, p.openBytes, held, s.open.full, full)
	}
}

func bodies(batches []*Batch) (texts []string) {
	for _, b := range batches {
		texts = append(texts, string(b.Body))
	}
	return texts
}

func TestAppendBodyTakesSomeRows(t *testing.T) {
	b := &Batch{}
	b.reset(&Stream{Frame: testFrame})
	fill(func(r *Row, states int64, _ arrival) { b.add(r, states) }, "a", "b", "c", "d")
	for want, rows := range map[string][]int{`{"rows":[]}`: nil, `{"rows":[b]}`: {1}, `{"rows":[a,c,d]}`: {0, 2, 3}} {
		if got := string(b.AppendBody([]byte("x"), rows)); got != "x"+want {
			t.Errorf("rows %v: %s, want %s", rows, got, want)
		}
	}
}

// The size of a body is known to the byte before a row is added to it.
func TestLimitsAreNeverExceeded(t *testing.T) {
	for _, tt := range []struct {
		name  string
		o     Options
		rows  []string
		sizes []int // rows of each batch
	}{
		{"rows", Options{MaxRows: 2, MaxBytes: 1000}, []string{"a", "b", "c", "d", "e"}, []int{2, 2, 1}},
		{"exactly the bytes", Options{MaxRows: 9, MaxBytes: len(`{"rows":[aa,bb]}`)}, []string{"aa", "bb", "cc"}, []int{2, 1}},
		{"one byte short", Options{MaxRows: 9, MaxBytes: len(`{"rows":[aa,bb]}`) - 1}, []string{"aa", "bb", "cc"}, []int{1, 1, 1}},
		{"a row that is too large travels alone", Options{MaxRows: 9, MaxBytes: 16}, []string{"a", strings.Repeat("b", 50), "c"}, []int{1, 1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.MaxAge, tt.o.MaxBuffered, tt.o.MaxInFlight = time.Hour, 1<<20, 1
			var sizes []int
			p := New(t.Context(), tt.o, func(_ context.Context, b *Batch) Outcome {
				if len(b.Body) > tt.o.MaxBytes && b.Rows() > 1 {
					t.Errorf("%s has %d bytes", b.Body, len(b.Body))
				}
				sizes = append(sizes, b.Rows())
				return Outcome{}
			}, nil)
			s := p.Stream(testFrame, false)
			for _, row := range tt.rows {
				p.Add(s, &Row{Data: []byte(row)}, time.Time{})
				drain(p)
			}
			p.Flush()
			drain(p)
			p.Close()
			if diff := cmp.Diff(tt.sizes, sizes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// drain settles all that is on its way.
func drain(p *Pipeline) {
	for p.InFlight() > 0 {
		p.Settle(<-p.Results())
	}
}

// A million states that wait for one row fill the memory: the row has to leave before its time.
func TestHeldStatesMakeTheirRowsLeave(t *testing.T) {
	released := 0
	p := New(t.Context(), Options{MaxRows: 100, MaxBytes: 1 << 20, MaxAge: time.Hour, MaxBuffered: 10_000, MaxInFlight: 1},
		func(context.Context, *Batch) Outcome { return Outcome{} }, func(*protocol.State, int64, int64) { released++ })
	s := p.Stream(testFrame, false)
	p.Add(s, &Row{Data: []byte("a")}, time.Time{})
	states := 0
	for ; p.InFlight() == 0; states++ {
		if states > 10_000 {
			t.Fatal("the states fill the memory")
		}
		p.State(stateOf(t, event{kind: protocol.StreamState, id: states}), s)
	}
	drain(p)
	p.Close()
	if released != states {
		t.Errorf("%d of %d states came out", released, states)
	}
}

// Many streams share the memory: the fullest batches leave, the others stay.
func TestFullestBatchesLeaveFirst(t *testing.T) {
	const buffered = 200_000
	p := New(t.Context(), Options{MaxRows: buffered, MaxBytes: buffered, MaxAge: time.Hour, MaxBuffered: buffered, MaxInFlight: 64},
		func(context.Context, *Batch) Outcome { return Outcome{} }, nil)
	var streams []*Stream
	for range 100 {
		streams = append(streams, p.Stream(testFrame, false))
	}
	for i := 0; p.InFlight() == 0 && i < buffered/100; i++ { // of ten bytes each in ten streams
		for n, s := range streams {
			if n >= 90 || i == 0 { // the youngest ten grow
				p.Add(s, &Row{Data: []byte("0123456789")}, time.Time{})
			}
		}
	}
	left := 0
	for n, s := range streams {
		if !s.open.empty() {
			continue
		}
		if left++; n < 90 {
			t.Errorf("stream %d, with one row, had to leave", n)
		}
	}
	if left == 0 {
		t.Error("no batch left")
	}
	drain(p)
	p.Close()
}

// Batches of one stream that share no key are in flight together.
func TestDistinctKeysFlyTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var flying atomic.Int32
		p := New(t.Context(), Options{MaxRows: 1, MaxBytes: 100, MaxAge: time.Hour, MaxBuffered: 1 << 20, MaxInFlight: 4},
			func(context.Context, *Batch) Outcome {
				flying.Add(1)
				<-release
				return Outcome{}
			}, nil)
		s := p.Stream(testFrame, true)
		for key := range uint64(4) {
			p.Add(s, &Row{Data: []byte("a"), Key: key + 1}, time.Time{})
		}
		p.Flush()
		synctest.Wait()
		if n := flying.Load(); n != 4 {
			t.Errorf("%d batches are in flight, want 4", n)
		}
		close(release)
		for !p.Idle() {
			p.Settle(<-p.Results())
		}
		p.Close()
	})
}

// allocations counts the heap allocations of work for each row in steady state.
func allocations(rows int, work func()) float64 {
	var before, after runtime.MemStats
	work() // buffers are made
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(rows)
}

func TestAllocationsPerRow(t *testing.T) {
	for _, keyed := range []bool{false, true} {
		w := newWork(t, 1, keyed, 1000)
		const rows = 100_000
		if got := allocations(rows, func() { w.add(rows) }); got > 0.05 {
			t.Errorf("keyed %v: %.3f allocations a row, want at most 0.05", keyed, got)
		}
		w.close()
	}
}

// work is a pipeline whose endpoint answers at once.
type work struct {
	p       *Pipeline
	streams []*Stream
	row     Row
	state   protocol.State
	every   int // rows between two states
	n       int
}

func newWork(t testing.TB, streams int, keyed bool, every int) *work {
	w := &work{every: every, row: Row{Open: []byte(`{"data":`), Data: []byte(strings.Repeat("x", 350)), Close: []byte(`,"operation":"added"}`)}}
	w.state = stateOf(t, event{kind: protocol.StreamState})
	w.p = New(context.Background(), Options{MaxRows: 1000, MaxBytes: 1_000_000, MaxAge: time.Hour, MaxBuffered: 64 << 20, MaxInFlight: 4, Partitions: 16},
		func(context.Context, *Batch) Outcome { return Outcome{} }, func(*protocol.State, int64, int64) {})
	for range streams {
		w.streams = append(w.streams, w.p.Stream(testFrame, keyed))
	}
	return w
}

func (w *work) add(rows int) {
	now := time.Now()
	for range rows {
		s := w.streams[w.n%len(w.streams)]
		w.n++
		w.row.Key, w.row.Line = keyHash(w.n), int64(w.n)
		w.p.Add(s, &w.row, now)
		if w.n%w.every == 0 {
			w.p.State(w.state, s)
		}
		for w.p.Full() {
			w.p.Settle(<-w.p.Results())
		}
	}
}

func (w *work) close() {
	w.p.Flush()
	for !w.p.Idle() {
		w.p.Settle(<-w.p.Results())
	}
	w.p.Close()
}

func BenchmarkPipeline(b *testing.B) {
	for _, bench := range []struct {
		streams int
		keyed   bool
		every   int
	}{{1, false, 1000}, {1, true, 1000}, {1, true, 10_000}, {1, false, 1}, {100, false, 1000}, {10_000, false, 1000}} {
		b.Run(fmt.Sprintf("streams=%d/keyed=%v/state every %d", bench.streams, bench.keyed, bench.every), func(b *testing.B) {
			w := newWork(b, bench.streams, bench.keyed, bench.every)
			b.ReportAllocs()
			for b.Loop() {
				w.add(1)
			}
			w.close()
		})
	}
}

// BenchmarkLedger is what a batch of a thousand rows with a state after it costs besides the rows
// themselves.
func BenchmarkLedger(b *testing.B) {
	s := &Stream{}
	s.scope = newScope(s)
	l := ledger{emit: func(*protocol.State, int64, int64) {}, streams: []*Stream{s}}
	state := stateOf(b, event{kind: protocol.StreamState})
	batch := &Batch{Stream: s, ends: make([]int32, 1000), runs: []segmentRun{{}}}
	b.ReportAllocs()
	for b.Loop() {
		s.scope.after += batch.Rows()
		s.scope.close(batch)
		l.state(state, s)
		l.settle(batch, Outcome{})
	}
}
