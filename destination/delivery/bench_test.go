package delivery

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptrace"
	"testing"

	"destination-webhook/destination/transport"
)

// discard is the cheapest endpoint: it answers without reading. It tells the trace what net/http does.
type discard struct{}

func (discard) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GotConn(httptrace.GotConnInfo{})
	trace.WroteRequest(httptrace.WroteRequestInfo{})
	trace.PutIdleConn(nil)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
}

func request(size int) Request {
	r := Request{Method: "POST", URL: "http://127.0.0.1/hook", ID: "id", Body: bytes.Repeat([]byte("x"), size)}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {"id"}, "Authorization": {"Bearer x"}}
	return r
}

// A delivery's own work does not grow with its body.
func TestDeliveryAllocatesLittle(t *testing.T) {
	c := New(Options{Retry: brief, Transport: discard{}, Concurrency: 4, Adaptive: true})
	small, large := request(10), request(1<<20)
	for _, r := range []Request{small, large} {
		got := testing.AllocsPerRun(200, func() {
			if _, err := c.Deliver(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		})
		if got > 8 {
			t.Errorf("%v allocations for a body of %d bytes, want at most 8", got, len(r.Body))
		}
	}
}

func BenchmarkDeliver(b *testing.B) {
	s, _ := serve(b, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	s.Start()
	for name, transport := range map[string]http.RoundTripper{
		"nowhere":  discard{},
		"loopback": transport.New(transport.Options{}),
		"net/http": &http.Transport{},
	} {
		b.Run(name, func(b *testing.B) {
			if t, ok := transport.(*http.Transport); ok {
				defer t.CloseIdleConnections()
			}
			c := New(Options{Retry: brief, Transport: transport})
			r := request(1 << 20)
			r.URL = s.URL
			b.SetBytes(1 << 20)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Deliver(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
