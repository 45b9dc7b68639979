package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/transport"

	"github.com/google/go-cmp/cmp"
)

// failure is err as a *Failure; it ends the test if it is another error.
func failureOf(t *testing.T, err error) *Failure {
	t.Helper()
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("got error %v, want a *Failure", err)
	}
	return f
}

func TestDeliverRetriesForADay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		start := time.Now()
		c := New(Options{Retry: patient, Transport: roundTrip(func(*http.Request, string) (*http.Response, error) {
			if time.Since(start) < 23*time.Hour {
				return nil, syscall.ECONNREFUSED
			}
			return reply(200, "done"), nil
		})})
		res, err := c.Deliver(t.Context(), post("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if string(res.Body) != "done" || res.Status != 200 || res.Attempts < 23*60 {
			t.Errorf("got %d %q after %d attempts, want 200 done after one or two a minute", res.Status, res.Body, res.Attempts)
		}
	})
}

func TestDeliverEndsAtItsBounds(t *testing.T) {
	refused := broken(syscall.ECONNREFUSED)
	for _, test := range []struct {
		name     string
		limits   RetryOptions
		step     func() (*http.Response, error)
		attempts int
		most     time.Duration
	}{
		{"attempts", RetryOptions{MaxAttempts: 3, InitialInterval: time.Second, MaxInterval: time.Minute}, refused, 3, 6 * time.Second},
		{"one attempt", RetryOptions{MaxAttempts: 1, InitialInterval: time.Second, MaxInterval: time.Minute}, refused, 1, 0},
		{"a wait beyond the elapsed time is not begun", RetryOptions{MaxAttempts: 9, MaxElapsed: time.Minute}, status(500, "Retry-After", "61"), 1, 0},
		{"a pause beyond the elapsed time is not begun", RetryOptions{MaxAttempts: 9, MaxElapsed: time.Minute}, status(503, "Retry-After", "61"), 1, 0},
		{"a pause within it is", RetryOptions{MaxAttempts: 9, MaxElapsed: time.Minute}, status(503, "Retry-After", "25"), 3, 50 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				start := time.Now()
				c := New(Options{Retry: test.limits, Transport: script(test.step)})
				_, err := c.Deliver(t.Context(), post("{}"))
				f := failureOf(t, err)
				if f.Kind != answer.Transient || f.Attempts != test.attempts {
					t.Errorf("got %v after %d attempts, want transient after %d", f.Kind, f.Attempts, test.attempts)
				}
				if took := time.Since(start); took > test.most {
					t.Errorf("it took %v, want at most %v", took, test.most)
				}
			})
		})
	}
}

func TestCancelEndsEveryWaitAtOnce(t *testing.T) {
	for name, transport := range map[string]http.RoundTripper{
		"between attempts": script(status(500, "Retry-After", "300")),
		"at the breaker":   script(status(503, "Retry-After", "300")),
		"in an attempt": roundTrip(func(r *http.Request, _ string) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				reason := errors.New("the sync was aborted")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Minute, func() { cancel(reason) })
				start := time.Now()
				_, err := New(Options{Retry: patient, Transport: transport}).Deliver(ctx, post("{}"))
				f := failureOf(t, err)
				if f.Kind != answer.Canceled || !errors.Is(err, reason) || f.Attempts != 1 {
					t.Errorf("got %v after %d attempts: %v", f.Kind, f.Attempts, err)
				}
				if took := time.Since(start); took != time.Minute {
					t.Errorf("it returned after %v, want a minute", took)
				}
			})
		})
	}
}

func TestStopLetsAttemptsFinishAndStartsNoOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var started atomic.Int64
		c := New(Options{Retry: patient, Concurrency: 2, Transport: roundTrip(func(_ *http.Request, body string) (*http.Response, error) {
			started.Add(1)
			if body == "waits for its retry" {
				return reply(500, "", "Retry-After", "300"), nil
			}
			time.Sleep(time.Minute)
			return reply(200, ""), nil
		})})
		results := make(map[string]error)
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, body := range []string{"waits for its retry", "in flight", "in flight too", "waits for a slot"} {
			all.Go(func() {
				_, err := c.Deliver(t.Context(), post(body))
				mu.Lock()
				results[body] = err
				mu.Unlock()
			})
			synctest.Wait()
		}
		start := time.Now()
		c.Stop()
		all.Wait()
		if took := time.Since(start); took != time.Minute || started.Load() != 3 {
			t.Errorf("%d attempts, %v after Stop, want 3 and a minute", started.Load(), took)
		}
		if results["in flight"] != nil || results["in flight too"] != nil {
			t.Errorf("attempts in flight did not finish: %v", results)
		}
		if f := failureOf(t, results["waits for its retry"]); f.Kind != answer.Transient || f.Status != 500 {
			t.Errorf("the waiting one got %v %d, want its last failure", f.Kind, f.Status)
		}
		if f := failureOf(t, results["waits for a slot"]); f.Kind != answer.Canceled || f.Attempts != 0 {
			t.Errorf("the one without an attempt got %v after %d", f.Kind, f.Attempts)
		}
		if _, err := c.Deliver(t.Context(), post("later")); failureOf(t, err).Kind != answer.Canceled || started.Load() != 3 {
			t.Errorf("a delivery after Stop: %v", err)
		}
	})
}

func TestStopEndsEveryKindOfWait(t *testing.T) {
	for name, o := range map[string]Options{
		"breaker":    {Transport: script(status(503, "Retry-After", "300"))},
		"rate limit": {Transport: script(status(500)), RequestsPerSecond: 0.001},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				o.Retry = patient
				c := New(o)
				time.AfterFunc(time.Minute, c.Stop)
				start := time.Now()
				failed := deliverAll(t.Context(), c, 3)
				if len(failed) != 3 || time.Since(start) != time.Minute {
					t.Errorf("%d failed after %v, want 3 after a minute", len(failed), time.Since(start))
				}
			})
		})
	}
}

func TestProbeTriesTwiceWithinHalfAMinute(t *testing.T) {
	hang := func() (*http.Response, error) {
		time.Sleep(20 * time.Second)
		return nil, context.DeadlineExceeded
	}
	for _, test := range []struct {
		name     string
		steps    []func() (*http.Response, error)
		attempts int
		ok       bool
	}{
		{"success", []func() (*http.Response, error){status(200)}, 1, true},
		{"once unavailable", []func() (*http.Response, error){status(503), status(204)}, 2, true},
		{"unavailable", []func() (*http.Response, error){status(503)}, 2, false},
		{"refused", []func() (*http.Response, error){status(400)}, 1, false},
		{"unauthorized", []func() (*http.Response, error){status(401)}, 1, false},
		{"wants a long pause", []func() (*http.Response, error){status(429, "Retry-After", "40")}, 1, false},
		{"hangs", []func() (*http.Response, error){hang}, 2, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var l log
				start := time.Now()
				c := New(Options{Retry: patient, Timeout: time.Minute, OnAttempt: l.add, Transport: untilDone{script(test.steps...)}})
				_, err := c.Probe(t.Context(), post("{}"))
				if (err == nil) != test.ok || len(l.all()) != test.attempts {
					t.Errorf("%d attempts, error %v", len(l.all()), err)
				}
				if took := time.Since(start); took > probeElapsed {
					t.Errorf("it took %v", took)
				}
				time.Sleep(time.Minute) // for the hanging steps to end
			})
		})
	}
}

// The state of a delivery's retries is its own: the success of others does not give it new tries.
func TestAttemptsAreNotSharedBetweenDeliveries(t *testing.T) {
	bubble(t, func(t *testing.T) {
		limits := RetryOptions{MaxAttempts: 5, InitialInterval: time.Second, MaxInterval: time.Second}
		c := New(Options{Retry: limits, Transport: roundTrip(func(_ *http.Request, body string) (*http.Response, error) {
			if body == "bad" {
				return reply(500, ""), nil
			}
			return reply(200, ""), nil
		})})
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			for ctx.Err() == nil {
				_, _ = c.Deliver(ctx, post("good"))
				time.Sleep(time.Millisecond)
			}
		})
		_, err := c.Deliver(ctx, post("bad"))
		cancel()
		others.Wait()
		if f := failureOf(t, err); f.Attempts != 5 {
			t.Errorf("it ended after %d attempts, want 5", f.Attempts)
		}
	})
}

func TestEveryAttemptIsReported(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var l log
		c := New(Options{
			Retry: patient, OnAttempt: l.add,
			Redact: func(s string) string { return strings.ReplaceAll(s, "hunter2", "[redacted]") },
			Transport: script(
				func() (*http.Response, error) {
					time.Sleep(3 * time.Second)
					return reply(500, "bad token hunter2\x00", "Retry-After", "7"), nil
				},
				broken(errors.New("dial: hunter2 is not here")),
				status(200)),
		})
		request, ofRequest := post("{}"), 0
		request.OnAttempt = func(Attempt) { ofRequest++ }
		if _, err := c.Deliver(t.Context(), request); err != nil || ofRequest != 3 {
			t.Fatalf("%v, %d attempts, want 3", err, ofRequest)
		}
		got := l.all()
		got[1].Wait = 0 // random
		for i := range got {
			if got[i].Err != nil && strings.Contains(got[i].Err.Error(), "hunter2") {
				t.Errorf("the error shows a secret: %v", got[i].Err)
			}
			got[i].Err = nil
		}
		want := []Attempt{
			{ID: "id", N: 1, Method: http.MethodPost, Host: "https://endpoint.test", Status: 500, Wait: 7 * time.Second, Latency: 3 * time.Second, Excerpt: `bad token [redacted]\x00`,
				Advice: "the endpoint failed (500): check its health and its log", Header: http.Header{}, Bytes: 2},
			{ID: "id", N: 2, Method: http.MethodPost, Host: "https://endpoint.test", Advice: "the connection failed: check the endpoint's health and the network", Header: http.Header{}, Bytes: 2},
			{ID: "id", N: 3, Method: http.MethodPost, Host: "https://endpoint.test", Status: 200, Final: true, Header: http.Header{}, Bytes: 2},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFailureSaysWhatToDoAndShowsNoPath(t *testing.T) {
	for _, test := range []struct {
		name string
		step func() (*http.Response, error)
		kind answer.Kind
		want string
	}{
		{"unauthorized", func() (*http.Response, error) { return reply(401, "who?"), nil }, answer.Misconfigured,
			"https://endpoint.test: Authentication failed (401): check the credentials and signing.secret: the endpoint may require a signature, or have a different secret; the endpoint says: who?"},
		{"too large", status(413), answer.TooLarge,
			"https://endpoint.test: the body is too large for the endpoint (413): lower the batch size"},
		{"refused connection", broken(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}), answer.Transient,
			"https://endpoint.test: the connection was refused: check that the endpoint runs, and the port: dial tcp: connection refused (after 2 attempts)"},
		{"url.Error", broken(&url.Error{Op: "Post", URL: "https://endpoint.test/hook?token=hunter2", Err: io.EOF}), answer.Transient,
			"https://endpoint.test: the connection failed: check the endpoint's health and the network: EOF (after 2 attempts)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := New(Options{Retry: RetryOptions{MaxAttempts: 2}, Transport: script(test.step)})
				_, err := c.Deliver(t.Context(), post("{}"))
				f := failureOf(t, err)
				if f.Kind != test.kind {
					t.Errorf("got %v, want %v", f.Kind, test.kind)
				}
				if diff := cmp.Diff(test.want, f.Error()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestUnusableRequestsAreNotSent(t *testing.T) {
	for _, test := range []struct {
		url    string
		header http.Header
		want   string
	}{
		{"ftp://endpoint.test/secret", nil, `unsupported scheme "ftp"`},
		{"endpoint.test/secret", nil, `unsupported scheme ""`},
		{"https:///secret", nil, "no host"},
		{"https://endpoint.test:secret/", nil, "cannot be parsed"},
		{"https://endpoint.test/", http.Header{"X-Token": {"secret\r\nX: y"}}, "header X-Token"},
		{"https://endpoint.test/", http.Header{"X\nsecret": {"y"}}, "header's name"},
	} {
		c := New(Options{Retry: patient, Transport: roundTrip(func(*http.Request, string) (*http.Response, error) {
			t.Errorf("%s was sent", test.url)
			return reply(200, ""), nil
		})})
		_, err := c.Deliver(t.Context(), Request{Method: "POST", URL: test.url, Header: test.header})
		f := failureOf(t, err)
		if f.Kind != answer.Misconfigured || !strings.Contains(f.Error(), test.want) || strings.Contains(f.Error(), "secret") {
			t.Errorf("%s: %v %v", test.url, f.Kind, f)
		}
	}
}

// Signatures carry the time of their attempt and cover the whole, uncompressed body. The caller's
// header stays as it was.
func TestEveryAttemptIsSignedAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		start := time.Now()
		var sent []string
		c := New(Options{
			Retry: patient, Compression: "gzip",
			Sign: func(h http.Header, id string, at time.Time, body []byte) {
				h.Set("Webhook-Signature", fmt.Sprint(id, " ", at.Sub(start), " ", string(body)))
			},
			Transport: roundTrip(func(r *http.Request, _ string) (*http.Response, error) {
				sent = append(sent, r.Header.Get("Webhook-Signature")+" "+r.Header.Get("X-Api-Key"))
				if r.Header.Get("Idempotency-Key") != "" {
					t.Error("with an Idempotency-Key net/http sends a POST again by itself")
				}
				return reply([]int{500, 200}[min(1, len(sent)-1)], "", "Retry-After", "5"), nil
			}),
		})
		r := post("two rows")
		r.Header = http.Header{"X-Api-Key": {"k"}}
		if _, err := c.Deliver(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"id 0s two rows k", "id 5s two rows k"}, sent); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(http.Header{"X-Api-Key": {"k"}}, r.Header); diff != "" {
			t.Errorf("the caller's header was modified: %s", diff)
		}
	})
}

func TestTimeoutBoundsOneAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := New(Options{Retry: RetryOptions{MaxAttempts: 3}, Timeout: 10 * time.Second, Transport: roundTrip(func(r *http.Request, _ string) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		start := time.Now()
		_, err := c.Deliver(t.Context(), post("{}"))
		f := failureOf(t, err)
		if f.Kind != answer.Transient || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 30*time.Second {
			t.Errorf("%v after %v: %v", f.Kind, time.Since(start), f)
		}
	})
}

func TestElapsedCutsTheLastAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := New(Options{Retry: RetryOptions{MaxAttempts: 9, MaxElapsed: 25 * time.Second}, Timeout: 10 * time.Second, Transport: roundTrip(func(r *http.Request, _ string) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		start := time.Now()
		_, err := c.Deliver(t.Context(), post("{}"))
		if f := failureOf(t, err); f.Kind != answer.Transient || f.Attempts != 3 || time.Since(start) != 25*time.Second {
			t.Errorf("%v after %d attempts in %v", f.Kind, f.Attempts, time.Since(start))
		}
	})
}

// The caller may use the body's memory again as soon as Deliver returns, even if the transport has
// not read it to its end: it reads on in a copy of a small one, and nothing more of a large one.
func TestBodyIsTheCallersAfterwards(t *testing.T) {
	for size, want := range map[int]error{transport.MaxCopy: nil, transport.MaxCopy + 1: transport.ErrReleased} {
		var late io.Reader
		c := New(Options{Retry: patient, Transport: reader(func(r *http.Request) (*http.Response, error) {
			late = r.Body
			return reply(200, ""), nil
		})})
		request := post(strings.Repeat("x", size))
		if _, err := c.Deliver(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		copy(request.Body, "secret of the next batch")
		if got, err := io.ReadAll(late); bytes.Contains(got, []byte("secret")) || !errors.Is(err, want) {
			t.Errorf("a late reader of a body of %d bytes got %.30q, %v", size, got, err)
		}
	}
}

func TestGetBodyStartsFromTheBeginning(t *testing.T) {
	c := New(Options{Retry: patient, Transport: reader(func(r *http.Request) (*http.Response, error) {
		for range 2 {
			b, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			if got, err := io.ReadAll(b); string(got) != "rows" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		}
		return reply(200, ""), nil
	})})
	if _, err := c.Deliver(t.Context(), post("rows")); err != nil {
		t.Fatal(err)
	}
}

// net/http encodes a path and sends a query as it is.
func TestQueryIsASCII(t *testing.T) {
	var sent string
	c := New(Options{Transport: roundTrip(func(r *http.Request, _ string) (*http.Response, error) {
		sent = r.URL.RequestURI()
		return reply(200, ""), nil
	})})
	r := post("{}")
	r.URL = "https://endpoint.test/straße?q=ß&a=%C3%9F&b=x+y&c='"
	if _, err := c.Deliver(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if want := "/stra%C3%9Fe?q=%C3%9F&a=%C3%9F&b=x+y&c='"; sent != want {
		t.Errorf("sent %s, want %s", sent, want)
	}
}
