package receiver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"destination-webhook/receiver/faults"
)

// counted is a body that counts what is read of it.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// repeated yields one text forever.
type repeated struct {
	text []byte
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.text)
	}
	return n, nil
}

// skippable is a zstd frame that a decoder skips.
var skippable = append(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 0x184D2A50), 1000), make([]byte, 1000)...)

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content)
	_ = w.Close()
	return b.Bytes()
}

// A body is read up to the limit, on the wire as well: content is not the only thing that arrives.
func TestBodiesAreReadWithinBounds(t *testing.T) {
	const limit = 1 << 20
	tests := map[string]struct {
		encoding string
		body     io.Reader
		length   int64
	}{
		"plain":                 {"", &repeated{text: []byte(" ")}, -1},
		"announced":             {"", &repeated{text: []byte(" ")}, 1 << 40},
		"gzip bomb":             {"gzip", bytes.NewReader(gzipped(make([]byte, 64<<20))), -1},
		"empty gzip members":    {"gzip", &repeated{text: gzipped(nil)}, -1},
		"zstd skippable frames": {"zstd", &repeated{text: skippable}, -1},
		"unknown encoding":      {"br", &repeated{text: []byte(" ")}, -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wire := &counted{r: tt.body}
			req := httptest.NewRequest("POST", "http://localhost/hook", wire)
			req.ContentLength = tt.length
			req.Header.Set("Content-Encoding", tt.encoding)
			b := bodyReader{limit, &budget{left: 3 * limit}}
			memory, err := b.read(&Request{}, req)
			b.memory.give(memory)
			if b.memory.left != 3*limit {
				t.Errorf("%d bytes of memory are left of %d", b.memory.left, 3*limit)
			}
			if !errors.Is(err, errBodyTooLarge) && !errors.Is(err, errUnknownEncoding) {
				t.Errorf("error %v", err)
			}
			if wire.n > limit+maxWireOverhead || memory > limit+1 {
				t.Errorf("%d bytes read, %d bytes of memory", wire.n, memory)
			}
		})
	}
}

// tracked is a body that notes the least memory that is left while it is read.
type tracked struct {
	io.Reader
	memory *budget
	least  int64
}

func (t *tracked) Read(p []byte) (int, error) {
	t.least = min(t.least, t.memory.left)
	return t.Reader.Read(p)
}

// What a body takes while it grows is within what it took of the memory for all: it is not copied
// before its end, and its buffers are no larger than it.
func TestBodiesGrowWithoutCopies(t *testing.T) {
	const limit, all = 64 << 20, 3 * 64 << 20
	for name, tt := range map[string]struct {
		size, announced int64
	}{
		"empty":          {0, 0},
		"small":          {100, 100},
		"not announced":  {3000, -1},
		"of many pieces": {50 << 20, -1},
		"announced":      {50 << 20, 50 << 20},
		"of the largest": {limit, -1},
	} {
		text := strings.Repeat("x", int(tt.size))
		b := bodyReader{limit, &budget{left: all}}
		source := &tracked{strings.NewReader(text), b.memory, all}
		body, memory, err := b.readAll(source, tt.announced)
		if err != nil || string(body) != text {
			t.Errorf("%s: %d bytes, %v", name, len(body), err)
		}
		if cap(body) > len(body)+len(body)/4+64 || memory > int64(cap(body)) || b.memory.left != all-memory {
			t.Errorf("%s: %d bytes in %d, for which %d were taken, and %d are left", name, len(body), cap(body), memory, b.memory.left)
		}
		if taken := all - source.least; taken > tt.size+min(tt.size, maxPiece)+4096 {
			t.Errorf("%s: %d bytes were taken while it was read", name, taken)
		}
		before := allocated()
		_, _, _ = b.readAll(strings.NewReader(text), tt.announced)
		if made := allocated() - before; made > uint64(2*tt.size+maxPiece+64<<10) {
			t.Errorf("%s: it took %d bytes of memory in all", name, made)
		}
	}
}

// allocated returns how many bytes of memory the process has taken in all.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A decoder of zstd has memory of its own while a body is read, however short that is.
func TestZstdWindowsShareTheMemory(t *testing.T) {
	b := bodyReader{64 << 20, &budget{left: maxZstdWindow + 1000}}
	for _, others := range []int64{0, 1001} {
		b.memory.take(others)
		var wire bytes.Buffer
		w, _ := zstd.NewWriter(&wire)
		_, _ = w.Write([]byte("text"))
		_ = w.Close()
		req := httptest.NewRequest("POST", "http://localhost/hook", &wire)
		req.ContentLength = 4
		req.Header.Set("Content-Encoding", "zstd")
		_, err := b.read(&Request{}, req)
		if errors.Is(err, errTooManyBodies) != (others > 0) {
			t.Errorf("with %d bytes of others: %v", others, err)
		}
	}
}

// A frame of ten bytes can ask for a window of half a gigabyte. It is not allocated.
func TestZstdWindowsAreBounded(t *testing.T) {
	frame := func(log byte) []byte { // a window of 2^log bytes and one empty block
		return append([]byte{0x28, 0xB5, 0x2F, 0xFD, 0, (log - 10) << 3}, 1, 0, 0)
	}
	for log, refused := range map[byte]bool{23: false, 24: true, 29: true} {
		req := httptest.NewRequest("POST", "http://localhost/hook", bytes.NewReader(frame(log)))
		req.Header.Set("Content-Encoding", "zstd")
		_, err := bodyReader{1 << 30, &budget{left: 1 << 30}}.read(&Request{}, req)
		if errors.Is(err, zstd.ErrWindowSizeExceeded) != refused {
			t.Errorf("a window of 2^%d: %v", log, err)
		}
	}
}

// All bodies under way share the memory of three. A fourth one has to come again, and takes it as
// soon as one of them was answered.
func TestBodiesUnderWayAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{MaxBody: 1 << 20, Faults: faults.Faults{Latency: time.Minute}})
		body := `{"sync_mode":"insert","rows":[]}` + strings.Repeat(" ", 1<<20-40)
		answers := make(chan int)
		send := func() {
			w := httptest.NewRecorder()
			r.ServeHTTP(w, httptest.NewRequest("POST", "http://localhost/hook", strings.NewReader(body)))
			answers <- w.Code
		}
		for range 4 {
			go send()
		}
		counts := map[int]int{}
		for range 4 {
			counts[<-answers]++
		}
		if counts[200] != 3 || counts[503] != 1 {
			t.Errorf("answers %v, want 200 three times and 503", counts)
		}
		go send()
		if status := <-answers; status != 200 {
			t.Errorf("status %d afterwards", status)
		}
		if left := r.bodies.memory.left; left != 3<<20 {
			t.Errorf("%d bytes left of %d", left, 3<<20)
		}
	})
}

// A header of few bytes in many fields costs more to keep than its bytes. It is refused, and what
// is kept of others counts for what it takes.
func TestHeadersAreBounded(t *testing.T) {
	header := func(fields int) http.Header {
		h := http.Header{}
		for range fields {
			h.Add("A", "")
		}
		return h
	}
	for fields, status := range map[int]int{maxHeaderFields: 200, maxHeaderFields + 1: 431} {
		r := New(Options{})
		req := httptest.NewRequest("POST", "http://localhost/hook", strings.NewReader(`{"sync_mode":"insert","rows":[]}`))
		req.Header = header(fields)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		if kept := len(r.Requests()[0].Header["A"]); w.Code != status || kept > maxHeaderFields {
			t.Errorf("%d fields: status %d, %d kept", fields, w.Code, kept)
		}
	}
	r := New(Options{KeepBytes: 1 << 20})
	for range 1000 {
		req := httptest.NewRequest("POST", "http://localhost/hook", nil)
		req.Header = header(maxHeaderFields)
		r.ServeHTTP(httptest.NewRecorder(), req)
	}
	if n := len(r.Requests()); n > 1<<20/(64*maxHeaderFields) {
		t.Errorf("%d requests of %d fields are kept within 1 MiB", n, maxHeaderFields)
	}
}

// pipes is a listener without a network, whose connections obey a fake clock.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, open := <-p; open {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A sender that stops in the middle of its request, or after it, does not hold a connection for
// ever. One that waits for its answer does.
func TestConnectionsEnd(t *testing.T) {
	const head = "POST /hook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 32\r\n\r\n"
	tests := map[string]struct {
		sends string
		ends  time.Duration
		want  string
	}{
		"nothing":    {"", headerTimeout, ""},
		"header":     {head[:30], headerTimeout, ""},
		"slow body":  {head + `{"sync_mode"`, readTimeout, "HTTP/1.1 400"},
		"idle":       {head + `{"sync_mode":"insert","rows":[]}`, 10*time.Minute + idleTimeout, "HTTP/1.1 200"},
		"no answers": {"GET /_/events HTTP/1.1\r\nHost: localhost\r\n\r\n", time.Hour, "HTTP/1.1 200"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := New(Options{Faults: faults.Faults{Latency: 10 * time.Minute}})
				listener := make(pipes)
				server := newServer(r, listener).http
				go func() { _ = server.Serve(listener) }()
				client, conn := net.Pipe()
				listener <- conn
				start := time.Now()
				go func() { _, _ = io.WriteString(client, tt.sends) }()
				time.AfterFunc(time.Hour, func() { _ = client.Close() })
				answer, _ := io.ReadAll(client)
				waited := time.Since(start)
				if waited != tt.ends || !strings.HasPrefix(string(answer), tt.want) {
					t.Errorf("it ended after %v with %.20q, want %v and %q", waited, answer, tt.ends, tt.want)
				}
				_, _ = r.Close(), server.Close()
			})
		})
	}
}

// The rows under way share a memory, in which those of one body always have room. The next body has
// to come again.
func TestRowsUnderWayAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Faults: faults.Faults{Latency: time.Minute}})
		body := `[` + strings.Repeat(`0,`, 99_999) + `0]`
		answers := make(chan int, 4)
		for range cap(answers) {
			go func() {
				w := httptest.NewRecorder()
				r.ServeHTTP(w, httptest.NewRequest("POST", "http://localhost/hook", strings.NewReader(body)))
				answers <- w.Code
			}()
		}
		counts := map[int]int{}
		for range cap(answers) {
			counts[<-answers]++
		}
		if counts[200] < 1 || counts[200] > 2 || counts[200]+counts[503] != 4 {
			t.Errorf("answers %v, want 200 for one or two, and 503", counts)
		}
		if r.parsed.left != rowsAtOnce || r.Totals().Rows != int64(100_000*counts[200]) {
			t.Errorf("%d bytes left of %d, %d rows", r.parsed.left, rowsAtOnce, r.Totals().Rows)
		}
	})
}
