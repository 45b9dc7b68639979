package delivery

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"destination-webhook/destination/transport"
)

// What an attempt needs is kept for the next one, which has nothing of it: neither a header nor a
// body nor a deadline.
func TestExchangesAreKept(t *testing.T) {
	var got []string
	s, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Header.Get("X-First")+" "+r.Header.Get("X-Second")+" "+string(body))
	})
	s.Start()
	c := over(t, Options{Timeout: time.Minute}, transport.Options{})
	var kept *exchange
	for name, body := range map[string]string{"X-First": "a longer body", "X-Second": "short"} {
		request := to(s.URL, body)
		request.Header = http.Header{name: {name}}
		if _, err := c.Deliver(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if len(c.exchanges) != 1 || kept != nil && c.exchanges[0] != kept {
			t.Fatalf("%d exchanges are kept", len(c.exchanges))
		}
		kept = c.exchanges[0]
		if kept.Err() != nil || kept.timer.Stop() {
			t.Error("its context goes on to the deadline")
		}
	}
	for _, request := range got {
		if want := map[string]string{"X-First": "X-First  a longer body", "X-Second": " X-Second short"}[strings.Fields(request)[0]]; request != want {
			t.Errorf("a request had %q, want %q", request, want)
		}
	}
}

// An exchange that net/http may still use is not kept: that of an answer that is not read to its
// end, of one after which the connection closes, or of an attempt that was cut.
func TestExchangesInUseAreNotKept(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"hangs up": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") },
		"is endless": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, strings.Repeat("x", 64<<10))
			}
		},
		"is late": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				answer(w, r)
			})
			s.Start()
			timeout := time.Minute
			if name == "is late" {
				timeout = time.Millisecond
			}
			c := over(t, Options{Timeout: timeout, Retry: RetryOptions{MaxAttempts: 1}}, transport.Options{})
			_, _ = c.Deliver(t.Context(), to(s.URL, "{}"))
			if len(c.exchanges) != 0 {
				t.Error("it is kept")
			}
		})
	}
}

// An attempt of another context, as after a check of the connection, ends with that one.
func TestExchangesAreOfOneContext(t *testing.T) {
	s, _ := serve(t, func(http.ResponseWriter, *http.Request) {})
	s.Start()
	c := over(t, Options{}, transport.Options{})
	first := c.exchange(t.Context(), time.Time{})
	c.exchanges = append(c.exchanges, first)
	ctx, cancel := context.WithCancel(t.Context())
	second := c.exchange(ctx, time.Time{})
	if second == first || first.Err() == nil {
		t.Fatal("the exchange is of another context")
	}
	if cancel(); second.Err() == nil {
		t.Error("it does not end with its context")
	}
	c.done(second)
}

// lateBody is the body of an answer whose rest comes when it is no longer waited for. Its connection
// is free then.
type lateBody struct {
	rest int
	end  time.Time
	free func(error)
}

func (b *lateBody) Read(p []byte) (int, error) {
	if b.rest > 0 {
		n := min(b.rest, len(p))
		b.rest -= n
		return n, nil
	}
	time.Sleep(time.Until(b.end))
	b.free(nil)
	return 0, io.EOF
}

func (b *lateBody) Close() error { return nil }

// Giving up the rest of an answer at the moment in which that comes does not end the next attempt.
// Which of the two comes first differs from run to run.
func TestGivingUpAnAnswerEndsNoLaterAttempt(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			c := New(Options{Timeout: time.Minute, Retry: RetryOptions{MaxAttempts: 1}, Transport: reader(func(r *http.Request) (*http.Response, error) {
				trace := httptrace.ContextClientTrace(r.Context())
				trace.GotConn(httptrace.GotConnInfo{})
				trace.WroteRequest(httptrace.WroteRequestInfo{})
				if attempts++; attempts == 1 {
					return &http.Response{StatusCode: 200, ContentLength: -1, Body: &lateBody{maxAnswer, time.Now().Add(maxDrainTime), trace.PutIdleConn}}, nil
				}
				for range 100 {
					runtime.Gosched() // a timer that has fired runs
				}
				if err := r.Context().Err(); err != nil {
					return nil, err
				}
				return reply(200, ""), nil
			})})
			_, _ = c.Deliver(t.Context(), post("{}"))
			if _, err := c.Deliver(t.Context(), post("{}")); err != nil {
				t.Errorf("the next attempt: %v", err)
			}
		})
	}
}

// A context that is derived from that of an attempt says that it was canceled, whatever for. The
// attempt has timed out all the same.
func TestDerivedContextsTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts log
		c := New(Options{Timeout: time.Second, Retry: RetryOptions{MaxAttempts: 1}, OnAttempt: attempts.add, Transport: reader(func(r *http.Request) (*http.Response, error) {
			derived, cancel := context.WithCancel(r.Context())
			defer cancel()
			<-derived.Done()
			return nil, derived.Err()
		})})
		if _, err := c.Deliver(t.Context(), post("{}")); err == nil || !attempts.all()[0].TimedOut() {
			t.Errorf("it has not timed out: %v", err)
		}
	})
}

// An answer that came while a small request was still in a buffer is an early one, whichever version
// of HTTP it claims to be, and even if the request has no body.
func TestEarlyAnswerToABufferedRequest(t *testing.T) {
	for request, version := range map[string]string{"{}": "HTTP/1.1", "[]": "HTTP/2.0", "": "HTTP/1.1"} {
		t.Run(version+request, func(t *testing.T) {
			called, release := make(chan struct{}), make(chan struct{})
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				<-called
				_, _ = io.WriteString(c, version+" 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			}()
			connections := transport.New(transport.Options{})
			c := New(Options{Timeout: time.Minute, Retry: RetryOptions{MaxAttempts: 1}, Transport: reader(func(r *http.Request) (*http.Response, error) {
				hooks := httptrace.ContextClientTrace(r.Context())
				written := hooks.WroteRequest
				hooks.WroteRequest = func(i httptrace.WroteRequestInfo) {
					written(i)
					close(called)
					<-release
				}
				return connections.RoundTrip(r)
			})})
			defer close(release)
			if _, err := c.Deliver(t.Context(), to("http://"+l.Addr().String(), request)); !errors.Is(err, transport.ErrUnread) {
				t.Errorf("got %v", err)
			}
		})
	}
}
