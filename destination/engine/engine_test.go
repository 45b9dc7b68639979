package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

const (
	userRecord = `{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":1}}` + "\n"
	userState  = `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"}}}}` + "\n"
	userDone   = `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"}},"destinationStats":{"recordCount":1.0}}}` + "\n"
)

// nobody is an Observer that does not care.
type nobody struct{}

func (nobody) StateEmitted()         {}
func (nobody) Due() <-chan time.Time { return nil }
func (nobody) Observe(Moment)        {}

// syncOf runs a sync of two streams, users and orders, whose batches hold one row.
func syncOf(ctx context.Context, t *testing.T, in io.Reader, out io.Writer, send batching.Send) error {
	t.Helper()
	var streams []*Stream
	for _, name := range []string{"users", "orders"} {
		streams = append(streams, &Stream{Route: &route.Route{Stream: protocol.StreamDescriptor{Name: name}, Mode: config.Insert}, Send: send})
	}
	o := Options{
		Batching: batching.Options{MaxRows: 1, MaxBytes: 1 << 20, MaxAge: 5 * time.Second, MaxBuffered: 64 << 20, MaxInFlight: 8},
		Warn:     func(text string, args ...any) { t.Error(text, args) }, Observer: nobody{},
	}
	return New(ctx, streams, o, protocol.NewWriter(out)).Run(ctx, in, func() {})
}

func deliverAll(context.Context, *batching.Batch) batching.Outcome { return batching.Outcome{} }

func TestSyncReturnsStatesAtTheEnd(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	if err := syncOf(t.Context(), t, strings.NewReader(userRecord+userState), &out, deliverAll); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(userDone, out.String()); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
}

// A state whose rows were not delivered does not come out, and neither does a later one.
func TestSyncEndsWithTheErrorOfABatch(t *testing.T) {
	defer goleak.VerifyNone(t)
	lost := errors.New("lost")
	var out bytes.Buffer
	input := userRecord + userState + strings.ReplaceAll(userRecord, `"id":1`, `"id":2`) + userState
	err := syncOf(t.Context(), t, strings.NewReader(input), &out, func(_ context.Context, b *batching.Batch) batching.Outcome {
		if bytes.Contains(b.Body, []byte(`"id":1`)) {
			return batching.Outcome{Err: lost}
		}
		return batching.Outcome{}
	})
	if !errors.Is(err, lost) || out.Len() > 0 {
		t.Errorf("error %v, stdout %q; want %v and nothing", err, out.String(), lost)
	}
}

func TestSyncStopsAtWhatItCannotRead(t *testing.T) {
	broken := errors.New("broken pipe")
	tests := map[string]struct {
		in   io.Reader
		want string
	}{
		"a broken line":     {strings.NewReader(userRecord + "{\"type\":\n"), "line 2, byte 8 of the input: "},
		"a torn last line":  {strings.NewReader(`{"type":"RECORD"`), "line 1, byte 16 of the input: "},
		"an unknown stream": {strings.NewReader(strings.ReplaceAll(userRecord, "users", "strangers")), "line 1 of the input: a RECORD of stream strangers, which is not in the catalog"},
		"a failing stdin":   {io.MultiReader(strings.NewReader(userRecord), failing{broken}), "reading stdin after line 1: broken pipe"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t)
			err := syncOf(t.Context(), t, test.in, io.Discard, deliverAll)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Fatalf("error %v, want %s", err, test.want)
			}
			if kind, marked := failure.TypeOf(err); marked {
				t.Errorf("it is a %s, want a system_error", kind)
			}
		})
	}
}

// failing is a reader and a writer that does neither.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Nobody listens: the sync ends, though its input stays open.
func TestSyncEndsWhenStdoutIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := errors.New("closed")
		in, source := io.Pipe()
		defer source.Close()
		go func() { _, _ = io.WriteString(source, userRecord+userState+userRecord) }()
		err := syncOf(t.Context(), t, in, failing{closed}, deliverAll)
		if !errors.Is(err, closed) || !strings.HasPrefix(err.Error(), "writing to stdout: ") {
			t.Errorf("error %v, want that of stdout", err)
		}
	})
}

// A signal ends the sync: requests in flight finish, and the states after them come out.
func TestSyncDrainsWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		told := errors.New("told to stop")
		in, source := io.Pipe()
		defer source.Close()
		go func() { _, _ = io.WriteString(source, userRecord+userState+userRecord) }()
		var out bytes.Buffer
		err := syncOf(ctx, t, in, &out, func(context.Context, *batching.Batch) batching.Outcome {
			cancel(told)
			time.Sleep(grace - time.Second)
			return batching.Outcome{}
		})
		if !errors.Is(err, told) {
			t.Errorf("error %v, want the context's cause", err)
		}
		if diff := cmp.Diff(userDone, out.String()); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
	})
}

// A request that does not finish within the grace is cut off.
func TestSyncDoesNotDrainForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, source := io.Pipe()
		defer source.Close()
		go func() { _, _ = io.WriteString(source, userRecord+userRecord) }()
		began := time.Now()
		err := syncOf(ctx, t, in, io.Discard, func(sending context.Context, _ *batching.Batch) batching.Outcome {
			cancel()
			<-sending.Done()
			return batching.Outcome{Err: sending.Err()}
		})
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took != grace {
			t.Errorf("it took %v and ended with %v, want %v", took, err, grace)
		}
	})
}

// A batch that is not full leaves at its age, while the input is silent.
func TestSyncSendsOldBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := io.Pipe()
		began := time.Now()
		go func() { _, _ = io.WriteString(source, userRecord+userState) }()
		out := &closing{source: source}
		if err := syncOf(t.Context(), t, in, out, deliverAll); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("the state came out after %v, want batching.max_age_seconds", took)
		}
	})
}

// slowOnce takes longer for its first message than a batch may wait.
type slowOnce struct{ took bool }

func (s *slowOnce) Write(p []byte) (int, error) {
	if !s.took {
		s.took = true
		time.Sleep(10 * time.Second)
	}
	return len(p), nil
}

// The age of a batch is counted from its first row, even if a message took so long to be written
// that it is too old already.
func TestAgeIsThatOfTheFirstRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := io.Pipe()
		began := time.Now()
		go func() { _, _ = io.WriteString(source, strings.ReplaceAll(userState, "users", "orders")+userRecord) }()
		send := func(context.Context, *batching.Batch) batching.Outcome {
			if took := time.Since(began); took != 10*time.Second {
				t.Errorf("the batch left after %v", took)
			}
			source.Close()
			return batching.Outcome{}
		}
		if err := syncOf(t.Context(), t, in, &slowOnce{}, send); err != nil {
			t.Fatal(err)
		}
	})
}

// closing ends the input once the first message comes out.
type closing struct{ source io.Closer }

func (c *closing) Write(p []byte) (int, error) { return len(p), c.source.Close() }

// bomb panics when it is read.
type bomb struct{}

func (bomb) Read([]byte) (int, error) { panic("hunter2") }

// A panic while the input is read is an error: Go's own report would show its value.
func TestPanicOfTheReaderIsAnError(t *testing.T) {
	err := (<-newInput(t.Context(), bomb{}, []*decoder{{}}).next()).err
	if p := (*failure.Panic)(nil); !errors.As(err, &p) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want a panic that does not show its value", err)
	}
}

// A stream is known by its namespace and its name.
func TestFind(t *testing.T) {
	users := func(namespace string) *Stream {
		return &Stream{Route: &route.Route{Stream: protocol.StreamDescriptor{Namespace: namespace, Name: "users"}, Mode: config.Insert}, Send: deliverAll}
	}
	inA, plain := users("a"), users("")
	e := New(t.Context(), []*Stream{inA, plain}, Options{Batching: batching.Options{MaxInFlight: 1}, Observer: nobody{}}, protocol.NewWriter(io.Discard))
	defer e.pipeline.Close()
	for id, want := range map[[2]string]*Stream{{"a", "users"}: inA, {"", "users"}: plain, {"b", "users"}: nil, {"", "Users"}: nil, {"a.", "users"}: nil} {
		if got := e.names.find([]byte(id[0]), []byte(id[1])); got != want {
			t.Errorf("%v is stream %v, want %v", id, got, want)
		}
	}
}

// slowly gives its lines one by one, each after a while.
type slowly struct {
	lines []string
	after time.Duration
}

func (s *slowly) Read(p []byte) (int, error) {
	if len(s.lines) == 0 {
		return 0, io.EOF
	}
	time.Sleep(s.after)
	n := copy(p, s.lines[0])
	s.lines = s.lines[1:]
	return n, nil
}

func TestWaitsTellWhoIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := &Stream{Route: &route.Route{Stream: protocol.StreamDescriptor{Name: "users"}, Mode: config.Insert}}
		stream.Send = func(context.Context, *batching.Batch) batching.Outcome {
			time.Sleep(10 * time.Second)
			return batching.Outcome{}
		}
		o := Options{
			Batching: batching.Options{MaxRows: 1, MaxBytes: 1 << 20, MaxAge: time.Second, MaxBuffered: 64 << 20, MaxInFlight: 1},
			Observer: nobody{},
		}
		e := New(t.Context(), []*Stream{stream}, o, protocol.NewWriter(io.Discard))
		if err := e.Run(t.Context(), &slowly{[]string{userRecord}, 3 * time.Second}, func() {}); err != nil {
			t.Fatal(err)
		}
		if got, want := e.Waits(), (Waits{Source: 3 * time.Second, Endpoint: 10 * time.Second}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}
