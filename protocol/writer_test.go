package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lines is a stdout that remembers each write, and breaks when it is told to.
type lines struct {
	mu     sync.Mutex
	writes []string
	broken error
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, string(b))
	if l.broken != nil {
		return 0, l.broken
	}
	return len(b), nil
}

func newTestWriter() (*Writer, *lines) {
	out := new(lines)
	w := NewWriter(out)
	w.now = func() time.Time { return time.UnixMilli(1700000000123) }
	return w, out
}

var writerTests = []struct {
	name  string
	write func(*Writer) error
	want  string
}{
	{"log", func(w *Writer) error { return w.log(levelInfo, "10 rows delivered") },
		`{"type":"LOG","log":{"level":"INFO","message":"10 rows delivered"}}`},
	{"warning", func(w *Writer) error { return w.log(levelWarn, "slow") },
		`{"type":"LOG","log":{"level":"WARN","message":"slow"}}`},
	{"log on two lines", func(w *Writer) error { return w.log(levelError, "a\nb\r\t\"\\\x00") },
		`{"type":"LOG","log":{"level":"ERROR","message":"a\nb\r\t\"\\\u0000"}}`},
	{"log of HTML", func(w *Writer) error { return w.log(levelDebug, "<a href='x'>&amp;</a> é 😀 \u2028") },
		`{"type":"LOG","log":{"level":"DEBUG","message":"<a href='x'>&amp;</a> é 😀 ` + "\u2028" + `"}}`},
	{"log of what is not UTF-8", func(w *Writer) error { return w.log(levelTrace, "caf\xe9 \xed\xa0\x80.") },
		`{"type":"LOG","log":{"level":"TRACE","message":"caf` + "\uFFFD \uFFFD\uFFFD\uFFFD." + `"}}`},
	{"config error", func(w *Writer) error { return w.Failure(ConfigError, "401: mend the token", "") },
		`{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1700000000123,"error":{"message":"401: mend the token","failure_type":"config_error"}}}`},
	{"transient error", func(w *Writer) error { return w.Failure(TransientError, "503", "503, after 10 attempts") },
		`{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1700000000123,"error":{"message":"503","internal_message":"503, after 10 attempts","failure_type":"transient_error"}}}`},
	{"system error", func(w *Writer) error { return w.Failure(SystemError, "\xff", "") },
		`{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1700000000123,"error":{"message":"` + "\uFFFD" + `","failure_type":"system_error"}}}`},
	{"check that succeeded", func(w *Writer) error { return w.Status(true, "") },
		`{"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED"}}`},
	{"check that succeeded, with a word", func(w *Writer) error { return w.Status(true, "204 in 3 ms") },
		`{"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED","message":"204 in 3 ms"}}`},
	{"check that failed", func(w *Writer) error { return w.Status(false, `url: "x" has no host`) },
		`{"type":"CONNECTION_STATUS","connectionStatus":{"status":"FAILED","message":"url: \"x\" has no host"}}`},
	{"spec", func(w *Writer) error {
		return w.Spec([]byte("{\n  \"title\" : \"<Webhook>\",\n  \"n\": 1.50,\n  \"z\": {},\n  \"a\": [ true, null ]\n}\n"))
	},
		`{"type":"SPEC","spec":{"title":"<Webhook>","n":1.50,"z":{},"a":[true,null]}}`},
	{"state", func(w *Writer) error {
		w.State(&State{raw: []byte(`{"type":"STATE","state":{"id":9007199254740993}}`), end: len(`{"type":"STATE","state":{"id":9007199254740993`)}, 3, 1)
		return w.Flush()
	},
		`{"type":"STATE","state":{"id":9007199254740993,"destinationStats":{"recordCount":3.0,"rejectedRecordCount":1.0}}}`},
}

// Every message is one line in one write, byte for byte.
func TestWriter(t *testing.T) {
	for _, tt := range writerTests {
		t.Run(tt.name, func(t *testing.T) {
			w, out := newTestWriter()
			if err := tt.write(w); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.want + "\n"}, out.writes); diff != "" {
				t.Error(diff)
			}
			if !json.Valid([]byte(tt.want)) {
				t.Errorf("%s is not JSON", tt.want)
			}
		})
	}
}

func TestWriterRefusesASpecThatIsNotJSON(t *testing.T) {
	w, out := newTestWriter()
	if err := w.Spec([]byte(`{"a":`)); err == nil {
		t.Error("no error")
	}
	if len(out.writes) > 0 || w.err != nil {
		t.Errorf("wrote %q, error %v", out.writes, w.err)
	}
}

func TestWriterLeavesTheSpecAsItIs(t *testing.T) {
	w, _ := newTestWriter()
	spec := []byte("{ \"a\": 1 }")
	if err := w.Spec(spec); err != nil {
		t.Fatal(err)
	}
	if string(spec) != "{ \"a\": 1 }" {
		t.Errorf("the caller's spec is now %s", spec)
	}
}

// Texts for people are redacted before they are escaped; a state goes back as it came.
func TestWriterRedacts(t *testing.T) {
	secret := `s"3<cret`
	w, out := newTestWriter()
	w.Redact = func(s string) string { return strings.ReplaceAll(s, secret, "[redacted]") }
	line := `{"type":"STATE","state":{"data":"s3cret [x]"}}`
	w.State(decodeState(t, line), 1, 0)
	err := errors.Join(
		w.log(levelInfo, "token "+secret),
		w.Failure(ConfigError, "token "+secret, "stack with "+secret),
		w.Status(false, "token "+secret),
		w.Flush(),
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"type":"LOG","log":{"level":"INFO","message":"token [redacted]"}}` + "\n",
		`{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1700000000123,"error":{"message":"token [redacted]","internal_message":"stack with [redacted]","failure_type":"config_error"}}}` + "\n",
		`{"type":"CONNECTION_STATUS","connectionStatus":{"status":"FAILED","message":"token [redacted]"}}` + "\n",
		`{"type":"STATE","state":{"data":"s3cret [x]","destinationStats":{"recordCount":1.0}}}` + "\n",
	}
	if diff := cmp.Diff(want, out.writes); diff != "" {
		t.Error(diff)
	}
}

func TestWriterDoesNotRedactStates(t *testing.T) {
	w, out := newTestWriter()
	w.Redact = func(string) string { t.Error("a state was redacted"); return "" }
	w.State(decodeState(t, `{"type":"STATE","state":{}}`), 0, 0)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := w.Spec([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	if len(out.writes) != 2 {
		t.Errorf("%q", out.writes)
	}
}

// When nobody reads any more, every later message fails with the first error and none is tried.
func TestWriterErrorStays(t *testing.T) {
	w, out := newTestWriter()
	if w.err != nil {
		t.Fatal(w.err)
	}
	out.broken = errors.New("broken pipe")
	for _, tt := range writerTests {
		if err := tt.write(w); !errors.Is(err, out.broken) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if !errors.Is(w.err, out.broken) {
		t.Errorf("Err = %v", w.err)
	}
	if len(out.writes) != 1 {
		t.Errorf("%d writes, want 1", len(out.writes))
	}
}

func TestWriterLinesStayWhole(t *testing.T) {
	w, out := newTestWriter()
	state := decodeState(t, `{"type":"STATE","state":{"data":{"x":"`+strings.Repeat("y", 1000)+`"}}}`)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 50 {
				_ = w.log(levelInfo, fmt.Sprint(n, i))
				w.State(state, int64(i), 0)
				_ = w.Flush()
			}
		})
	}
	all.Wait()
	if lines := strings.Count(strings.Join(out.writes, ""), "\n"); lines != 800 {
		t.Errorf("%d lines, want 800", lines)
	}
	for _, lines := range out.writes {
		for line := range strings.Lines(lines) {
			if !strings.HasSuffix(line, "\n") || !json.Valid([]byte(line)) {
				t.Fatalf("%q is not one line of JSON", line)
			}
		}
	}
}

// Large states are not copied together before they are written, and arrive whole and in order.
func TestWriterDoesNotCopyLargeStates(t *testing.T) {
	w, out := newTestWriter()
	line := func(n int) string {
		return `{"type":"STATE","state":{"type":"GLOBAL","global":{"c":"` + strings.Repeat("x", n) + `"}}}` + "\n"
	}
	want := ""
	for _, n := range []int{10, 3 * maxTogether / 4, 3 * maxTogether / 4, 2 * maxTogether, 10} {
		s := decodeState(t, strings.TrimSuffix(line(n), "\n"))
		w.State(s, 1, 0)
		want += strings.Replace(line(n), `"}}}`, `"},"destinationStats":{"recordCount":1.0}}}`, 1)
		if cap(w.states) > 2*maxTogether {
			t.Errorf("%d bytes of states are held", cap(w.states))
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if strings.Join(out.writes, "") != want {
		t.Error("the states did not come out as they came in")
	}
}

// States that become due together are not parted by a crash between two writes.
func TestWriterStatesLeaveTogether(t *testing.T) {
	w, out := newTestWriter()
	state := decodeState(t, `{"type":"STATE","state":{}}`)
	for i := range 3 {
		w.State(state, int64(i), 0)
	}
	if len(out.writes) != 0 {
		t.Errorf("states left before Flush: %q", out.writes)
	}
	for range 2 { // the second has nothing to write
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	var want strings.Builder
	for i := range 3 {
		fmt.Fprintf(&want, `{"type":"STATE","state":{"destinationStats":{"recordCount":%d.0}}}`+"\n", i)
	}
	if diff := cmp.Diff([]string{want.String()}, out.writes); diff != "" {
		t.Error(diff)
	}
}

func TestWriterDropsLargeBuffers(t *testing.T) {
	w, out := newTestWriter()
	large := strings.Repeat("x", keepBuffer)
	if err := w.log(levelInfo, large); err != nil {
		t.Fatal(err)
	}
	if cap(w.buf) > keepBuffer {
		t.Errorf("%d bytes are kept", cap(w.buf))
	}
	if len(out.writes) != 1 || !strings.Contains(out.writes[0], large) {
		t.Error("the message is not whole")
	}
}

func TestWriterStateDoesNotAllocate(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	s := decodeState(t, `{"type":"STATE","state":{"type":"GLOBAL"}}`)
	allocs := testing.AllocsPerRun(100, func() {
		out.Reset()
		w.State(s, 12345, 67890)
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations, want none", allocs)
	}
}
