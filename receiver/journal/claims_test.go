package journal

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// atEnd is a reader that calls a function after its text.
type atEnd struct {
	io.Reader
	call func()
}

func (r *atEnd) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		r.call()
	}
	return n, err
}

func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// However many states there are, and whatever they name, what is kept of them is the sum of a
// bounded number of streams.
func TestClaimsAreBounded(t *testing.T) {
	const number = 100_000
	one := func(i int, stats string) string {
		return fmt.Sprintf(`{"type":"STATE","state":{"stream":{"stream_descriptor":{"name":"s%d"}},"destinationStats":{"additionalStats":{"rows_delivered":2%s}}}}`+"\n", i, stats)
	}
	var streams strings.Builder
	for i := range number {
		streams.WriteString(one(i, ""))
	}
	var statistics strings.Builder
	for i := range number {
		fmt.Fprintf(&statistics, `,"%d":1`, i)
	}
	for name, test := range map[string]struct {
		output string
		states int64
		names  int
	}{
		"states":     {strings.Repeat(`{"type":"STATE"}`+"\n", number), number, 1},
		"streams":    {streams.String(), number, maxStreams + 1},
		"statistics": {one(1, statistics.String()), 1, 1},
		"names":      {`{"type":"STATE","state":{"stream":{"stream_descriptor":{"name":"` + strings.Repeat("x", 1<<20) + `"}}}}`, 1, 1},
	} {
		j, before, during := New(1, 1), inUse(), int64(0)
		c, err := j.Claim(&atEnd{strings.NewReader(test.output), func() { during = inUse() }})
		const most = 2 << 20 // the longest line, and the claims of 1000 streams
		if kept, reading := inUse()-before, during-before; kept > most || reading > most+2*longest(test.output) {
			t.Errorf("%s: %d bytes are kept, %d while it is read", name, kept, reading)
		}
		if c.States != test.states || len(c.Streams) > test.names || len(c.Streams) < min(test.names, maxStreams) || err != nil {
			t.Errorf("%s: %d states of %d streams, %v", name, c.States, len(c.Streams), err)
		}
		runtime.KeepAlive(j)
	}
	if _, err := New(1, 1).Claim(strings.NewReader(strings.Repeat("x", maxStateLine+1))); !errors.Is(err, errLongLine) {
		t.Errorf("a line beyond the bound: %v", err)
	}
}

func longest(output string) (n int64) {
	for line := range strings.Lines(output) {
		n = max(n, int64(len(line)))
	}
	return n
}
