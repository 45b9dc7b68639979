package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

// net/http calls a small body written while it is still in its buffer. An answer that comes before
// all of it has left is an early one, even if net/http gives up the rest of the request.
func TestSmallBodyIsWrittenOnceItHasLeft(t *testing.T) {
	for name, tt := range map[string]struct {
		header int  // bytes
		reads  int  // writes that the endpoint takes before it answers
		held   bool // net/http is, between calling the request written and writing it
		unread bool
	}{
		"none of it":                 {0, 0, true, true},
		"all":                        {0, 1, false, false},
		"a part of a long header":    {writeBuffer + 4000, 1, true, true},
		"a long header and the body": {writeBuffer + 4000, 2, false, false},
		"a header that leaves no room for the body":      {writeBuffer - MaxCopy/2, 2, false, false},
		"a long header that leaves no room for the body": {2*writeBuffer - MaxCopy/2, 3, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			called, release := make(chan struct{}), make(chan struct{})
			defer close(release)
			tr := &http.Transport{WriteBufferSize: writeBuffer, DialContext: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe() // a write lasts until all of it is read
				go answerEarly(theirs, tt.reads, called)
				return &conn{Conn: ours}, nil
			}}
			var w Written
			hold := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
				close(called)
				if tt.held {
					<-release
				}
			}}
			var body Copy
			body.Set(make([]byte, MaxCopy))
			// The hooks that are added last are called first.
			ctx := httptrace.WithClientTrace(httptrace.WithClientTrace(t.Context(), hold), w.Trace())
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://endpoint.test", body.Open())
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = MaxCopy
			r.Header.Set("Authorization", strings.Repeat("x", tt.header))
			res, err := tr.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if err := w.Wait(t.Context(), MaxCopy); errors.Is(err, ErrUnread) != tt.unread {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What the connection takes for other reasons is not the request: TLS ends a connection by a short
// message. But little may be left of a long header.
func TestWrittenByTheBytesThatLeft(t *testing.T) {
	for name, tt := range map[string]struct {
		header, body, later int64 // bytes that left before the body, before net/http called it written, and after
		buffered            int
		unread              bool
	}{
		"a message that closes TLS":    {0, 0, 31, 10, true},
		"the same without a body":      {0, 0, 31, 1, true},
		"header and body":              {0, 0, 200, 10, false},
		"the end of a long header":     {writeBuffer, 0, 12, 10, false},
		"the same without its body":    {writeBuffer, 0, 2, 10, true},
		"a long header without a body": {writeBuffer, 0, 2, 1, false},
		"more than the buffer":         {0, writeBuffer, 0, 10, false},
	} {
		t.Run(name, func(t *testing.T) {
			var w Written
			c := &conn{}
			hooks := w.Trace()
			hooks.GotConn(httptrace.GotConnInfo{Conn: c})
			c.taken.Add(tt.header)
			hooks.WroteHeaders()
			c.taken.Add(tt.body)
			hooks.WroteRequest(httptrace.WroteRequestInfo{})
			c.taken.Add(tt.later)
			if err := w.Wait(t.Context(), tt.buffered); errors.Is(err, ErrUnread) != tt.unread {
				t.Errorf("got %v", err)
			}
		})
	}
}

// answerEarly takes some writes of a request, answers that it takes no other one once net/http has
// called the request written, and reads on.
func answerEarly(c net.Conn, writes int, called <-chan struct{}) {
	for range writes {
		_, _ = c.Read(make([]byte, 1<<20))
	}
	<-called
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	_, _ = io.Copy(io.Discard, c)
}

// Wait relies on it that the buffer leaves in one write, under TLS too, whose first records are
// small ones otherwise.
func TestBufferIsOneRecord(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer s.Close()
	config := s.Client().Transport.(*http.Transport).TLSClientConfig
	config.NextProtos = []string{"http/1.1"}
	tr := New(Options{TLS: config})
	defer tr.CloseIdleConnections()
	counted := countWrites(tr)
	var body Copy
	body.Set(make([]byte, MaxCopy))
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { counted.n = 0 }})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, body.Open())
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = MaxCopy
	r.Header.Set("Authorization", strings.Repeat("x", 7000))
	res, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if counted.n != 1 {
		t.Errorf("the request made %d writes", counted.n)
	}
}

// A request is not kept from its connection by the write of another one: its context would have no
// say in that.
func TestRequestGetsAConnectionThatWrites(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c := &conn{Conn: ours}
	go func() { _, _ = c.Write([]byte("a request that nobody reads on")) }()
	if _, err := theirs.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	var w Written
	got := make(chan struct{})
	go func() {
		w.Trace().GotConn(httptrace.GotConnInfo{Conn: c})
		close(got)
	}()
	select {
	case <-got:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits")
	}
}

// Nothing of a request is left for the next one, which may find no connection.
func TestResetForgetsTheConnection(t *testing.T) {
	var w Written
	w.Trace().GotConn(httptrace.GotConnInfo{Reused: true})
	w.Reset()
	if connected, reused := w.Connection(); connected || reused {
		t.Errorf("got %v, %v", connected, reused)
	}
}
