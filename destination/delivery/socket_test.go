package delivery

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/transport"
)

// These tests use real sockets on loopback. What they wait for always comes, so that timeouts only
// bound a failing run.

// quiet is for servers whose clients misbehave on purpose.
var quiet = stdlog.New(io.Discard, "", 0)

var brief = RetryOptions{MaxAttempts: 3, InitialInterval: time.Millisecond, MaxInterval: time.Millisecond}

// over makes a client with a real transport, closed at the test's end.
func over(t *testing.T, o Options, connections transport.Options) *Client {
	t.Helper()
	tr := transport.New(connections)
	t.Cleanup(tr.CloseIdleConnections)
	o.Transport = tr
	if o.Retry == (RetryOptions{}) {
		o.Retry = brief
	}
	return New(o)
}

// serve runs a server and counts the connections it accepts.
func serve(t testing.TB, h http.HandlerFunc) (server *httptest.Server, conns *atomic.Int64) {
	t.Helper()
	conns = new(atomic.Int64)
	server = httptest.NewUnstartedServer(h)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	server.Config.ErrorLog = quiet
	t.Cleanup(server.Close)
	return server, conns
}

// raw is a server that hands each connection to f, with its number from 1, after it has read one
// request.
func raw(t *testing.T, f func(c *net.TCPConn, n int)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				if _, err := c.Read(make([]byte, 64<<10)); err == nil {
					f(c.(*net.TCPConn), n)
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return "http://" + l.Addr().String() + "/hook"
}

func to(url, body string) Request {
	return Request{Method: http.MethodPost, URL: url, ID: "id", Body: []byte(body)}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		var n atomic.Int64
		s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			n.Add(1)
			if r.URL.Path == "/hook" {
				http.Redirect(w, r, "/elsewhere", code)
			}
		})
		s.Start()
		_, err := over(t, Options{}, transport.Options{}).Deliver(t.Context(), to(s.URL+"/hook", "{}"))
		if f := failureOf(t, err); f.Kind != answer.Misconfigured || n.Load() != 1 {
			t.Errorf("%d: %v after %d requests: %v", code, f.Kind, n.Load(), f)
		}
	}
}

func TestConnectionsAreKept(t *testing.T) {
	const workers, deliveries = 8, 10_000
	s, conns := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"ok":true}`)
	})
	s.Start()
	c := over(t, Options{}, transport.Options{MaxConns: workers})
	var left atomic.Int64
	left.Store(deliveries)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := c.Deliver(t.Context(), to(s.URL, "{}")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	// net/http gives up a connection whose writer was not scheduled within 50 ms of the answer,
	// which a busy machine brings about now and then.
	const unlucky = workers
	if n := conns.Load(); n > workers+unlucky {
		t.Errorf("%d connections for %d workers", n, workers)
	}
}

func TestFailuresAndLongAnswersKeepTheConnection(t *testing.T) {
	for _, test := range []struct {
		name    string
		answer  int
		status  int
		dropped bool
	}{{"refusal", 100, 400, false}, {"200 KiB", 200 << 10, 400, false}, {"1 MiB", 1 << 20, 400, true}} {
		t.Run(test.name, func(t *testing.T) {
			s, conns := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(test.status)
				_, _ = w.Write(bytes.Repeat([]byte("x"), test.answer))
			})
			s.Start()
			c := over(t, Options{}, transport.Options{})
			for range 5 {
				_, err := c.Deliver(t.Context(), to(s.URL, "{}"))
				_ = failureOf(t, err)
			}
			if n := conns.Load(); (n > 1) != test.dropped {
				t.Errorf("%d connections for 5 deliveries", n)
			}
		})
	}
}

func TestAnswersAreReadUpTo64KiB(t *testing.T) {
	s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil { // an endless body
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	s.Start()
	res, err := over(t, Options{Timeout: time.Minute}, transport.Options{}).Deliver(t.Context(), to(s.URL, "{}"))
	if err != nil || len(res.Body) != maxAnswer {
		t.Errorf("%v, want the first 64 KiB of a success", err)
	}
}

func TestHeadersAreReadUpTo64KiB(t *testing.T) {
	for size, taken := range map[int]bool{32 << 10: true, 128 << 10: false} {
		s, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", size))
		})
		s.Start()
		_, err := over(t, Options{}, transport.Options{}).Deliver(t.Context(), to(s.URL, "{}"))
		if (err == nil) != taken {
			t.Errorf("a header of %d bytes: %v", size, err)
		}
	}
}

func TestSmallGzipAnswerIsNotUnpacked(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(make([]byte, 32<<20)) // of some 32 KiB
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Error("the client asks for compressed answers")
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(zipped.Bytes())
	})
	s.Start()
	res, err := over(t, Options{}, transport.Options{}).Deliver(t.Context(), to(s.URL, "{}"))
	if err != nil || !bytes.Equal(res.Body, zipped.Bytes()) {
		t.Errorf("error %v, want the answer as it was sent", err)
	}
}

// Each fault ends as the table says: transient, after its tries, with the connection gone. A later
// good answer heals it.
func TestFaultsOfTheConnection(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
	reset := func(c *net.TCPConn) { _ = c.SetLinger(0) }
	for name, fault := range map[string]func(c *net.TCPConn){
		"reset before the answer":  reset,
		"closed before the answer": func(*net.TCPConn) {},
		"half a status line":       func(c *net.TCPConn) { _, _ = io.WriteString(c, "HTTP/1.1 2") },
		"half a header":            func(c *net.TCPConn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX-") },
		"half a body":              func(c *net.TCPConn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") },
		"half a chunk": func(c *net.TCPConn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf")
		},
		"reset in the body": func(c *net.TCPConn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
			reset(c)
		},
		"not HTTP":                 func(c *net.TCPConn) { _, _ = io.WriteString(c, "220 mail.test ESMTP\r\n") },
		"a header flood":           func(c *net.TCPConn) { flood(c) },
		"never answers":            func(c *net.TCPConn) { _, _ = c.Read(make([]byte, 1)) },
		"a header byte by byte":    func(c *net.TCPConn) { drip(c, "HTTP/1.1 200 OK\r\nX-Slow: ", 'x') },
		"a good body byte by byte": func(c *net.TCPConn) { drip(c, "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", 'x') },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Options{Timeout: 200 * time.Millisecond}
			heals := raw(t, func(c *net.TCPConn, n int) {
				if n < 3 {
					fault(c)
					return
				}
				_, _ = io.WriteString(c, ok)
			})
			// A slow machine may time the good attempt out, so it gets more tries.
			o.Retry = RetryOptions{MaxAttempts: 50, InitialInterval: time.Millisecond, MaxInterval: time.Millisecond}
			res, err := over(t, o, transport.Options{}).Deliver(t.Context(), to(heals, "{}"))
			if err != nil || string(res.Body) != "ok" || res.Attempts < 3 {
				t.Errorf("%+v, %v, want success after two faults", res, err)
			}
			o.Retry = brief
			stays := raw(t, func(c *net.TCPConn, _ int) { fault(c) })
			_, err = over(t, o, transport.Options{}).Deliver(t.Context(), to(stays, "{}"))
			if f := failureOf(t, err); f.Kind != answer.Transient || f.Attempts != 3 {
				t.Errorf("%v after %d attempts: %v", f.Kind, f.Attempts, f)
			}
		})
	}
}

func flood(c *net.TCPConn) {
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
	for i := 0; ; i++ {
		if _, err := fmt.Fprintf(c, "X-%d: %s\r\n", i, strings.Repeat("x", 1000)); err != nil {
			return
		}
	}
}

// drip writes b every few milliseconds until the client has enough.
func drip(c *net.TCPConn, begin string, b byte) {
	_, _ = io.WriteString(c, begin)
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, c)
		close(gone)
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_, _ = c.Write([]byte{b})
		case <-gone:
			return
		}
	}
}

// A kept connection that the endpoint closes when the next request comes costs no try: it is
// replaced at once, once.
func TestStaleConnectionIsReplacedAtOnce(t *testing.T) {
	for _, test := range []struct {
		name string
		bad  int // connections that answer one request and drop the second
	}{{"once", 1}, {"by every connection", 1000}} {
		t.Run(test.name, func(t *testing.T) {
			url := raw(t, func(c *net.TCPConn, n int) {
				const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
				_, _ = io.WriteString(c, ok)
				for {
					if _, err := c.Read(make([]byte, 64<<10)); err != nil || n <= test.bad {
						_ = c.SetLinger(0)
						return
					}
					_, _ = io.WriteString(c, ok)
				}
			})
			var l log
			c := over(t, Options{Retry: RetryOptions{MaxAttempts: 1}, OnAttempt: l.add}, transport.Options{})
			for range 2 {
				// Without a body a request is one segment, and one Read.
				if _, err := c.Deliver(t.Context(), to(url, "")); err != nil {
					t.Fatal(err)
				}
			}
			got := l.all()
			if len(got) != 3 || got[1].Err == nil || got[1].Wait != 0 || got[1].Final {
				t.Errorf("attempts were %+v, want a second one that failed and was repeated at once", got)
			}
		})
	}
}

// An endpoint that answers before it has read the body, and reads no more of it, must not hold the
// caller's memory or the delivery.
func TestEarlyAnswer(t *testing.T) {
	body := strings.Repeat("x", 64<<20) // more than sockets buffer
	gone := make(chan struct{})
	url := raw(t, func(c *net.TCPConn, _ int) {
		_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
		<-gone
	})
	defer close(gone)
	_, err := over(t, Options{Timeout: time.Minute}, transport.Options{}).Deliver(t.Context(), to(url, body))
	if f := failureOf(t, err); f.Kind != answer.TooLarge || f.Excerpt != "big" {
		t.Errorf("got %v: %v", f.Kind, f)
	}
}

func TestRefusedConnectionIsTransient(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	_, err = over(t, Options{}, transport.Options{}).Deliver(t.Context(), to("http://"+l.Addr().String(), "{}"))
	if f := failureOf(t, err); f.Kind != answer.Transient || f.Attempts != 3 {
		t.Errorf("%v after %d attempts: %v", f.Kind, f.Attempts, f)
	}
}

func TestTLS(t *testing.T) {
	s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, r.Proto)
	})
	s.EnableHTTP2 = true
	s.StartTLS()
	trusted := s.Client().Transport.(*http.Transport).TLSClientConfig
	wrongName := trusted.Clone()
	wrongName.ServerName = "other.test"
	plain, _ := serve(t, func(http.ResponseWriter, *http.Request) {})
	plain.Start()
	for _, test := range []struct {
		name   string
		url    string
		config *tls.Config
		want   string // of the success, or of the failure's text
		ok     bool
	}{
		{"HTTP/2", s.URL, trusted, "HTTP/2.0", true},
		{"unknown authority", s.URL, nil, "unknown authority", false},
		{"wrong name", s.URL, wrongName, "other.test", false},
		{"no TLS there", strings.Replace(plain.URL, "http:", "https:", 1), trusted, "TLS could not be agreed on", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.config != nil {
				test.config = test.config.Clone()
				test.config.NextProtos = nil
			}
			c := over(t, Options{}, transport.Options{TLS: test.config})
			res, err := c.Deliver(t.Context(), to(test.url, strings.Repeat("x", 1<<20)))
			if test.ok {
				if err != nil || string(res.Body) != test.want {
					t.Errorf("%v, want %s", err, test.want)
				}
				return
			}
			if f := failureOf(t, err); f.Kind != answer.Misconfigured || f.Attempts != 1 || !strings.Contains(f.Error(), test.want) {
				t.Errorf("%v after %d attempts: %v", f.Kind, f.Attempts, f)
			}
		})
	}
}

func TestControlJudgesEveryAddress(t *testing.T) {
	s, conns := serve(t, func(http.ResponseWriter, *http.Request) {})
	s.Start()
	c := over(t, Options{}, transport.Options{Control: func(_, address string, _ syscall.RawConn) error {
		return fmt.Errorf("%s is private", address)
	}})
	_, err := c.Deliver(t.Context(), to(s.URL, "{}"))
	f := failureOf(t, err)
	if f.Kind != answer.Misconfigured || f.Attempts != 1 || conns.Load() != 0 || !strings.Contains(f.Error(), "is private") {
		t.Errorf("%v after %d attempts, %d connections: %v", f.Kind, f.Attempts, conns.Load(), f)
	}
}

func TestProxyFaults(t *testing.T) {
	p, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		status := map[string]int{"closed.test:443": 407, "down.test:443": 502}[r.Host]
		w.WriteHeader(status)
	})
	p.Start()
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := over(t, Options{}, transport.Options{Proxy: http.ProxyURL(u)})
	for host, want := range map[string]answer.Kind{"closed.test": answer.Misconfigured, "down.test": answer.Transient} {
		_, err := c.Deliver(t.Context(), to("https://"+host, "{}"))
		if f := failureOf(t, err); f.Kind != want {
			t.Errorf("%s: %v, want %v: %v", host, f.Kind, want, f)
		}
	}
	c = over(t, Options{}, transport.Options{Proxy: func(*http.Request) (*url.URL, error) {
		return nil, fmt.Errorf("invalid proxy address http://user:secret@[")
	}})
	_, err = c.Deliver(t.Context(), to("https://endpoint.test", "{}"))
	if f := failureOf(t, err); f.Kind != answer.Misconfigured || strings.Contains(f.Error(), "secret") {
		t.Errorf("%v: %v", f.Kind, f)
	}
}
