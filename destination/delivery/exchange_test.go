package delivery

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
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
