package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// hello is what an endpoint says of itself, and total what it has seen at the end.
type (
	hello struct{ URL, Certificate string }
	total struct{ Requests, Bytes, Connections int64 }
)

// sink counts what it throws away.
type sink struct {
	latency                      time.Duration
	requests, bytes, connections atomic.Int64
}

// endpoint discards requests until its stdin ends, then says what it has seen.
func endpoint(args []string) error {
	f := flag.NewFlagSet("endpoint", flag.ContinueOnError)
	s := &sink{}
	f.DurationVar(&s.latency, "latency", 0, "from the request's end to the answer")
	protocols := f.String("tls", "", "h1 or h2: speak TLS and this much HTTP")
	if err := f.Parse(args); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h := hello{URL: "http://" + l.Addr().String() + "/hook"}
	if *protocols == "" {
		go s.accept(l)
	} else if h, err = s.serveTLS(l, *protocols == "h2"); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(h); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(total{s.requests.Load(), s.bytes.Load(), s.connections.Load()})
}

func (s *sink) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.connections.Add(1)
		go s.serve(conn)
	}
}

// buffers hold what is read of a body at once: small enough to stay in the processor's cache.
var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 256<<10) }}

// serve answers the requests of a connection as cheaply as can be: it knows Content-Length and
// nothing else.
func (s *sink) serve(conn net.Conn) {
	defer conn.Close()
	r := buffers.Get().(*bufio.Reader)
	defer buffers.Put(r)
	r.Reset(conn)
	for {
		length, err := readHeader(r)
		if err != nil {
			return
		}
		if _, err := r.Discard(length); err != nil {
			return
		}
		s.requests.Add(1)
		s.bytes.Add(int64(length))
		time.Sleep(s.latency)
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
	}
}

// readHeader reads a request's header and returns its Content-Length.
func readHeader(r *bufio.Reader) (length int, err error) {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return length, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
}
