package delivery

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/transport"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// An endpoint that sends without end what is no answer, or takes no request, ends an attempt at the
// latest by its timeout, and is tried again like any other that gives no answer.
func TestFloods(t *testing.T) {
	done := make(chan struct{})
	for name, fault := range map[string]func(c *net.TCPConn){
		"1xx answers without end": func(c *net.TCPConn) {
			for _, err := c.Read(nil); err == nil; _, err = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n") {
			}
		},
		"a request that nobody reads": func(*net.TCPConn) { <-done },
	} {
		t.Run(name, func(t *testing.T) {
			url := raw(t, func(c *net.TCPConn, _ int) { fault(c) })
			t.Cleanup(func() {
				if name == "a request that nobody reads" {
					close(done)
				}
			})
			o := Options{Timeout: 200 * time.Millisecond}
			_, err := over(t, o, transport.Options{}).Deliver(t.Context(), to(url, strings.Repeat("x", 32<<20)))
			if f := failureOf(t, err); f.Kind != answer.Transient || !fewAttempts(f) {
				t.Errorf("%v after %d attempts: %v", f.Kind, f.Attempts, f)
			}
		})
	}
}

// fewAttempts reports whether a delivery made the attempts of brief: one that finds a connection
// which closes meanwhile gives another one.
func fewAttempts(f *Failure) bool { return f.Attempts == 3 || f.Attempts == 4 }

func TestHTTP2Floods(t *testing.T) {
	for name, fault := range map[string]func(f *http2.Framer) error{
		"pings":    func(f *http2.Framer) error { return f.WritePing(false, [8]byte{}) },
		"settings": func(f *http2.Framer) error { return f.WriteSettings() },
		"windows":  func(f *http2.Framer) error { return f.WriteWindowUpdate(0, 1) },
		"unknown":  func(f *http2.Framer) error { return f.WriteRawFrame(0xbe, 0, 0, make([]byte, 1000)) },
		"pushes": func(f *http2.Framer) error {
			return f.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, EndHeaders: true})
		},
		"headers": func(f *http2.Framer) error {
			return f.WriteContinuation(1, false, headers("x-flood", strings.Repeat("x", 1000)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, config := http2Server(t, func(f *http2.Framer, stream uint32) {
				if name == "headers" {
					_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: headers(":status", "200")})
				}
				for fault(f) == nil {
				}
			})
			o := Options{Timeout: 200 * time.Millisecond}
			_, err := over(t, o, transport.Options{TLS: config}).Deliver(t.Context(), to(url, "{}"))
			if f := failureOf(t, err); f.Kind != answer.Transient || !fewAttempts(f) {
				t.Errorf("%v after %d attempts: %v", f.Kind, f.Attempts, f)
			}
		})
	}
}

func headers(name, value string) []byte {
	var b bytes.Buffer
	_ = hpack.NewEncoder(&b).WriteField(hpack.HeaderField{Name: name, Value: value}) // to memory
	return b.Bytes()
}

// http2Server hands each connection to f once it has read a request's header. Its TLS is known to
// the returned settings.
func http2Server(t *testing.T, f func(f *http2.Framer, stream uint32)) (url string, trusted *tls.Config) {
	t.Helper()
	s, _ := serve(t, func(http.ResponseWriter, *http.Request) {})
	s.TLS = &tls.Config{NextProtos: []string{"h2"}}
	s.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
		"h2": func(_ *http.Server, c *tls.Conn, _ http.Handler) {
			defer c.Close()
			_, _ = io.ReadFull(c, make([]byte, len(http2.ClientPreface)))
			framer := http2.NewFramer(c, c)
			_ = framer.WriteSettings()
			for {
				frame, err := framer.ReadFrame()
				if err != nil {
					return
				}
				if h, ok := frame.(*http2.HeadersFrame); ok {
					go func() { _, _ = io.Copy(io.Discard, c) }()
					f(framer, h.StreamID)
					return
				}
			}
		},
	}
	s.StartTLS()
	return s.URL, trusting(s)
}
