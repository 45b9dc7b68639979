package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/engine/enginetest"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// inputLines are the lines of longInput.
const inputLines = 6_000

// longInput has many blocks of records; line broken is not valid. The record of line n has the id
// n.
func longInput(broken int) []byte {
	var b []byte
	for n := 1; n <= inputLines; n++ {
		if n == broken {
			b = append(b, "{\"type\":\n"...)
			continue
		}
		b = fmt.Appendf(b, `{"type":"RECORD","record":{"stream":"users","data":{"id":%d,"text":%q},"emitted_at":1}}`+"\n", n, strings.Repeat("x", n%300))
	}
	return b
}

// engineOf makes an engine that counts delivered rows and finds the greatest id.
func engineOf(t *testing.T, out io.Writer) (e *Engine, rows func() (n, last int)) {
	var mu sync.Mutex
	count, greatest := 0, 0
	s := &Stream{Route: &route.Route{Stream: users, Mode: config.Insert}, Send: func(_ context.Context, b *batching.Batch) batching.Outcome {
		mu.Lock()
		defer mu.Unlock()
		count += b.Rows()
		for i := range b.Rows() {
			var id int
			if _, err := fmt.Sscanf(string(b.Row(i)), `{"data":{"id":%d`, &id); err != nil {
				t.Errorf("%s: %v", b.Row(i), err)
			}
			greatest = max(greatest, id)
		}
		return batching.Outcome{}
	}}
	o := Options{
		Batching: batching.Options{MaxRows: 1000, MaxBytes: 1 << 20, MaxAge: 1 << 40, MaxBuffered: 64 << 20, MaxInFlight: 2},
		Warn:     func(text string, args ...any) { t.Error(text, args) }, Observer: nobody{},
	}
	e = New(t.Context(), []*Stream{s}, o, protocol.NewWriter(out))
	return e, func() (int, int) { return count, greatest }
}

func TestDecodersAheadKeepTheOrder(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4} {
		for _, broken := range []int{0, 1, 2_999, inputLines} {
			enginetest.OnCores(t, n)
			e, rows := engineOf(t, io.Discard)
			err := e.Run(t.Context(), bytes.NewReader(longInput(broken)), func() {})
			want := inputLines
			if broken > 0 {
				want = broken - 1
				if wanted := fmt.Sprintf("line %d, byte 8 of the input: ", broken); err == nil || !strings.HasPrefix(err.Error(), wanted) {
					t.Errorf("%d decoders: error %v, want %s", n, err, wanted)
				}
			} else if err != nil {
				t.Errorf("%d decoders: %v", n, err)
			}
			if count, last := rows(); count != want || last != want {
				t.Errorf("%d decoders, line %d is broken: %d rows up to %d were delivered, want %d", n, broken, count, last, want)
			}
			goleak.VerifyNone(t)
		}
	}
}

// A decoder that panics while others are ahead ends the input in its place: what is before it is
// delivered.
func TestPanicOfADecoderIsAnError(t *testing.T) {
	enginetest.OnCores(t, 3)
	e, rows := engineOf(t, io.Discard)
	e.decoders[1] = nil
	err := e.Run(t.Context(), bytes.NewReader(longInput(0)), func() {})
	if p := (*failure.Panic)(nil); !errors.As(err, &p) {
		t.Errorf("error %v, want a panic", err)
	}
	if count, last := rows(); count == 0 || count != last {
		t.Errorf("%d rows up to %d were delivered, want those of the first block", count, last)
	}
	goleak.VerifyNone(t)
}

// A sync that ends while decoders are ahead leaves none of them running.
func TestDecodersEndWithTheSync(t *testing.T) {
	enginetest.OnCores(t, 4)
	lost := errors.New("lost")
	s := &Stream{Route: &route.Route{Stream: users, Mode: config.Insert}, Send: func(context.Context, *batching.Batch) batching.Outcome {
		return batching.Outcome{Err: lost}
	}}
	o := Options{Batching: batching.Options{MaxRows: 1, MaxBytes: 1 << 20, MaxAge: 1 << 40, MaxBuffered: 64 << 20, MaxInFlight: 1}, Observer: nobody{}}
	err := New(t.Context(), []*Stream{s}, o, protocol.NewWriter(io.Discard)).Run(t.Context(), bytes.NewReader(longInput(0)), func() {})
	if !errors.Is(err, lost) {
		t.Errorf("error %v, want %v", err, lost)
	}
	goleak.VerifyNone(t)
}

// longLines is an endless input of lines of 4 MiB.
type longLines struct{ read int }

func (l *longLines) Read(p []byte) (int, error) {
	n := min(len(p), 64<<10, 4<<20-l.read%(4<<20))
	for i := range n {
		p[i] = ' '
	}
	if l.read += n; l.read%(4<<20) == 0 {
		p[n-1] = '\n'
	}
	return n, nil
}

// Blocks of long lines are not read ahead as others are: memory is for the longest line twice, not
// once for each decoder.
func TestLongLinesAreNotReadFarAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		lines := &longLines{}
		in := newInput(ctx, lines, []*decoder{{}, {}, {}, {}})
		synctest.Wait()
		if most := maxAhead + 2*4<<20; lines.read > most {
			t.Errorf("%d bytes were read ahead, want at most %d", lines.read, most)
		}
		before := lines.read
		for range 8 {
			b := <-in.next()
			in.received(b)
			in.release(b)
		}
		if synctest.Wait(); lines.read < before+4*4<<20 {
			t.Errorf("%d bytes were read on, want those of the released blocks", lines.read-before)
		}
		cancel()
	})
}

// A decoder that blocks holds up the blocks of those that are ahead, however many of them are
// ready, and what they hold comes in its place afterwards. If the sync ends meanwhile, none of them
// is left running.
func TestBlocksWaitForADecoderThatBlocks(t *testing.T) {
	for _, ends := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			in := &input{ctx: ctx, free: make(chan block, 2*3+2)}
			for range cap(in.free) {
				in.free <- block{memory: make([]byte, blockSize), messages: &protocol.Messages{}}
			}
			for n := range 3 {
				in.dealt, in.ready = append(in.dealt, make(chan block)), append(in.ready, make(chan block, 1))
				if n != 1 {
					go in.decode(&decoder{}, in.dealt[n], in.ready[n])
				}
			}
			go in.read(protocol.NewBlockReader(bytes.NewReader(longInput(0))))
			in.received(<-in.next())
			blocked := <-in.dealt[1] // the decoder has a block, and does not go on
			synctest.Wait()
			if len(in.ready[2]) == 0 {
				t.Error("the others are not ahead")
			}
			select {
			case <-in.next():
				t.Fatal("a block overtook the one that the blocked decoder has")
			default:
			}
			if ends {
				return // synctest fails if a goroutine is left
			}
			blocked.decode(&decoder{})
			in.ready[1] <- blocked
			go in.decode(&decoder{}, in.dealt[1], in.ready[1])
			for b := range 3 {
				next := <-in.next()
				in.received(next)
				if first := fmt.Sprintf(`"id":%d,`, next.messages.First+1); !bytes.Contains(next.lines, []byte(first)) {
					t.Errorf("block %d is said to begin with line %d, and does not", b+2, next.messages.First+1)
				}
				in.release(next)
			}
		})
	}
}
