package batching

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"destination-webhook/destination/racetest"
	"destination-webhook/protocol"
)

// The model test: random input, latencies, rejections and failures run through a pipeline whose
// owner loops as the real one does, on a virtual clock, and everything that comes out is held
// against an oracle that knows nothing of batches.

// event is one message of the input: a record or a state.
type event struct {
	id     int // its place in the whole input
	state  bool
	kind   protocol.StateKind
	stream int // -1 for a GLOBAL or LEGACY state
	key    int // of a record
	pause  time.Duration
}

// scenario is a random sync.
type scenario struct {
	seed    uint64
	options Options
	keyed   []bool // each stream
	events  []event
	kinds   int     // which states there are
	reject  float64 // share of rows
	fail    float64 // share of batches
}

// The mixtures of states.
const (
	streamStates = iota
	globalStates
	mixedStates
	kindsOfStates
)

func newScenario(seed uint64) *scenario {
	r := rand.New(rand.NewPCG(seed, 1))
	s := &scenario{seed: seed, kinds: r.IntN(kindsOfStates), options: Options{
		MaxRows: 1 + r.IntN(12), MaxBytes: 40 + r.IntN(400), MaxAge: time.Second,
		MaxBuffered: 1500 + r.IntN(20_000), MaxInFlight: 1 + r.IntN(5),
		Partitions: r.IntN(8),
	}}
	for range 1 + r.IntN(5) {
		s.keyed = append(s.keyed, r.IntN(3) > 0)
	}
	if r.IntN(2) == 0 {
		s.reject = r.Float64() * 0.3
	}
	if r.IntN(4) == 0 {
		s.fail = r.Float64() * 0.05
	}
	stateShare, keys := r.Float64()*0.4, 1+r.IntN(60)
	for range r.IntN(500) {
		e := event{id: len(s.events), stream: r.IntN(len(s.keyed)), key: r.IntN(keys)}
		if r.IntN(20) == 0 {
			e.pause = time.Duration(r.IntN(3000)) * time.Millisecond
		}
		if e.state = r.Float64() < stateShare; e.state {
			e.kind = s.kind(r)
			if e.kind != protocol.StreamState {
				e.stream = -1
			}
		}
		s.events = append(s.events, e)
	}
	return s
}

func (s *scenario) kind(r *rand.Rand) protocol.StateKind {
	wide := []protocol.StateKind{protocol.GlobalState, protocol.LegacyState}[r.IntN(2)]
	switch s.kinds {
	case streamStates:
		return protocol.StreamState
	case globalStates:
		return wide
	}
	return []protocol.StateKind{protocol.StreamState, wide}[r.IntN(2)]
}

// stateOf is a state whose line names the event.
func stateOf(t testing.TB, e event) protocol.State {
	t.Helper()
	text := fmt.Sprintf(`"type":%q`, map[protocol.StateKind]string{protocol.GlobalState: "GLOBAL", protocol.LegacyState: "LEGACY", protocol.StreamState: "STREAM"}[e.kind])
	if e.kind == protocol.StreamState {
		text += fmt.Sprintf(`,"stream":{"stream_descriptor":{"name":"s%d"}}`, e.stream)
	}
	var d protocol.Decoder
	var m protocol.Message
	d.Reset([]byte(fmt.Sprintf("{\"type\":\"STATE\",\"state\":{%s,\"event\":%d}}\n", text, e.id)))
	if err := d.Next(&m); err != nil {
		t.Fatal(err)
	}
	return m.State.Clone()
}

// eventOf is the number that stateOf has put into a line.
func eventOf(s *protocol.State) int {
	_, tail, _ := strings.Cut(string(s.AppendLine(nil, 0, 0)), `"event":`)
	n, _ := strconv.Atoi(tail[:strings.IndexAny(tail, ",}")])
	return n
}

var testFrame = Frame{Prefix: `{"rows":[`, Separator: ",", Suffix: `]}`}

// rowOf is a row whose bytes name the event.
func rowOf(e event) *Row {
	return &Row{Open: []byte("<"), Data: strconv.AppendInt(nil, int64(e.id), 10), Close: []byte(strings.Repeat(">", 1+e.id%40)), Key: keyHash(e.key), Line: lineOf(e.id)}
}

// lineOf is the line of the event's row: none for one in seven.
func lineOf(event int) int64 {
	if event%7 == 0 {
		return 0
	}
	return int64(event + 1)
}

// eventsOf are the events whose rows are in a body.
func eventsOf(body []byte) (events []int) {
	text := strings.TrimSuffix(strings.TrimPrefix(string(body), testFrame.Prefix), testFrame.Suffix)
	for row := range strings.SplitSeq(text, testFrame.Separator) {
		n, err := strconv.Atoi(strings.Trim(row, "<>"))
		if err != nil {
			panic(fmt.Sprintf("row %q: %v", row, err))
		}
		events = append(events, n)
	}
	return events
}

// oracle holds what comes out of a pipeline against the input.
type oracle struct {
	t *testing.T
	s *scenario

	mu       sync.Mutex
	settled  map[int]bool // events of rows; true for those rejected
	lastKey  map[[2]int]int
	flying   map[[2]int]int // batches in flight that hold the key
	inFlight int
	sent     int
	emitted  []int
	failed   bool
}

func newOracle(t *testing.T, s *scenario) *oracle {
	return &oracle{t: t, s: s, settled: map[int]bool{}, lastKey: map[[2]int]int{}, flying: map[[2]int]int{}}
}

var errSend = errors.New("the endpoint is gone")

// send delivers a batch after a random time.
func (o *oracle) send(_ context.Context, b *Batch) Outcome {
	r := rand.New(rand.NewPCG(o.s.seed, uint64(len(b.Body))))
	events := eventsOf(b.Body)
	o.takeOff(b, events)
	time.Sleep(time.Duration(r.IntN(1500)) * time.Millisecond)
	return o.land(r, b, events)
}

func (o *oracle) takeOff(b *Batch, events []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.inFlight++; o.inFlight > o.s.options.MaxInFlight {
		o.t.Errorf("%d batches are in flight", o.inFlight)
	}
	if len(events) != b.Rows() || len(events) > o.s.options.MaxRows || len(b.Body) > o.s.options.MaxBytes && len(events) > 1 {
		o.t.Errorf("a batch of %d rows, %d bytes, says it has %d", len(events), len(b.Body), b.Rows())
	}
	seen := map[[2]int]bool{}
	for n, i := range events {
		e := o.s.events[i]
		if e.stream != b.Stream.Index || n > 0 && i <= events[n-1] {
			o.t.Errorf("row %d is in a batch of stream %d after row %d", i, b.Stream.Index, events[max(0, n-1)])
		}
		key := [2]int{e.stream, e.key}
		if !o.s.keyed[e.stream] {
			continue
		}
		if o.lastKey[key] > i {
			o.t.Errorf("row %d leaves after row %d of the same key", i, o.lastKey[key])
		}
		o.lastKey[key] = i
		if o.flying[key] > 0 && !seen[key] {
			o.t.Errorf("two batches with key %v are in flight", key)
		}
		if !seen[key] {
			o.flying[key]++
		}
		seen[key] = true
	}
}

func (o *oracle) land(r *rand.Rand, b *Batch, events []int) Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight--
	seen := map[[2]int]bool{}
	for _, i := range events {
		if key := [2]int{o.s.events[i].stream, o.s.events[i].key}; !seen[key] && o.flying[key] > 0 {
			seen[key] = true
			o.flying[key]--
		}
	}
	if r.Float64() < o.s.fail {
		o.failed = true
		return Outcome{Err: errSend}
	}
	var out Outcome
	for row, i := range events {
		rejected := r.Float64() < o.s.reject
		if rejected {
			out.Rejected = append(out.Rejected, row)
		}
		if _, twice := o.settled[i]; twice {
			o.t.Errorf("row %d is settled twice", i)
		}
		o.settled[i] = rejected
		if got := b.Line(row); got != lineOf(i) {
			o.t.Errorf("row %d is said to be of line %d, want %d", i, got, lineOf(i))
		}
		if want := fmt.Sprint(i); strings.Trim(string(b.Row(row)), "<>") != want {
			o.t.Errorf("row %d of the batch is %s, want %s", row, b.Row(row), want)
		}
	}
	o.sent += len(events)
	return out
}

// emit judges a state that was released.
func (o *oracle) emit(st *protocol.State, records, rejected int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := eventOf(st)
	if len(o.emitted) > 0 {
		o.order(at)
	}
	o.emitted = append(o.emitted, at)
	wantRecords, wantRejected := int64(0), int64(0)
	for i := at - 1; i >= 0; i-- {
		e, state := o.s.events[i], o.s.events[at]
		if e.state || state.stream >= 0 && e.stream != state.stream {
			continue
		}
		lost, settled := o.settled[i]
		if !settled {
			o.t.Fatalf("state %d is out before row %d is settled", at, i)
		}
		if i > o.previous(at) {
			if lost {
				wantRejected++
			}
			wantRecords++
		}
	}
	if records+rejected != wantRecords || rejected != wantRejected && o.s.kinds != mixedStates {
		o.t.Errorf("state %d counts %d and %d rejected, want %d and %d", at, records, rejected, wantRecords-wantRejected, wantRejected)
	}
}

// order holds a state against those that are out: of one stream, and around a GLOBAL or LEGACY one,
// they keep their order.
func (o *oracle) order(at int) {
	for _, before := range o.emitted {
		a, b := o.s.events[before], o.s.events[at]
		if before >= at && (a.stream == b.stream || a.stream < 0 || b.stream < 0) {
			o.t.Errorf("state %d is out before state %d", before, at)
		}
	}
}

// previous is the state of the same scope before the state at, -1 if it is the first.
func (o *oracle) previous(at int) int {
	for i := at - 1; i >= 0; i-- {
		if e := o.s.events[i]; e.state && e.stream == o.s.events[at].stream {
			return i
		}
	}
	return -1
}

// drive owns a pipeline as the sync does: it takes input while there is room, settles results, and
// looks at the clock.
func drive(t *testing.T, s *scenario, send Send, emit Emit) error {
	p := New(t.Context(), s.options, send, emit)
	defer p.Close()
	var streams []*Stream
	for _, keyed := range s.keyed {
		streams = append(streams, p.Stream(testFrame, keyed))
	}
	input := s.play(t)
	age := time.NewTimer(time.Hour)
	for ended := false; ; {
		if ended {
			if p.Flush(); p.Idle() {
				return nil
			}
		}
		events := input
		if ended || p.Full() {
			events = nil
			if p.InFlight() == 0 {
				t.Fatal("full, and nothing is in flight that could make room")
			}
		}
		if due, ok := p.Due(); ok {
			age.Reset(max(0, time.Until(due)))
		}
		select {
		case i, ok := <-events:
			if !ok {
				ended = true
				break
			}
			feed(t, p, streams, s.events[i])
		case r := <-p.Results():
			p.Settle(r)
		case <-age.C:
			p.FlushAged(time.Now())
		}
		if most := s.options.MaxBuffered + 4*s.options.MaxBytes + 4096; p.Buffered() > most && p.waiting == 0 && p.inFlight == 0 {
			t.Errorf("%d bytes are buffered", p.Buffered())
		}
		if p.Err() != nil {
			p.Stop()
			for p.InFlight() > 0 {
				p.Settle(<-p.Results())
			}
			for range input { // the feeder is let go
			}
			return p.Err()
		}
	}
}

// play returns the places of the events, each when it is due.
func (s *scenario) play(t *testing.T) <-chan int {
	input := make(chan int)
	go func() {
		defer close(input)
		for i, e := range s.events {
			time.Sleep(e.pause)
			select {
			case input <- i:
			case <-t.Context().Done():
				return
			}
		}
	}()
	return input
}

func feed(t testing.TB, p *Pipeline, streams []*Stream, e event) {
	switch {
	case !e.state:
		p.Add(streams[e.stream], rowOf(e), time.Now())
	case e.stream >= 0:
		p.State(stateOf(t, e), streams[e.stream])
	default:
		p.State(stateOf(t, e), nil)
	}
}

func TestModel(t *testing.T) {
	seeds := racetest.Runs(600)
	if testing.Short() {
		seeds = 60
	}
	for seed := range seeds {
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScenario(uint64(seed))
				o := newOracle(t, s)
				err := drive(t, s, o.send, o.emit)
				if (err != nil) != o.failed {
					t.Errorf("the pipeline ended with %v", err)
				}
				if err == nil {
					o.complete()
				}
			})
		}) {
			return // one seed at a time is enough to look at
		}
	}
}

// complete checks that everything that went in came out.
func (o *oracle) complete() {
	records, states := 0, 0
	for _, e := range o.s.events {
		if e.state {
			states++
		} else {
			records++
		}
	}
	if o.sent != records || len(o.emitted) != states {
		o.t.Errorf("%d of %d rows and %d of %d states came out", o.sent, records, len(o.emitted), states)
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keyHash spreads keys over all hashes, as those of real keys are.
func keyHash(key int) uint64 { return uint64(key+1) * 0x9E3779B97F4A7C15 }
