package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"testing"
)

// net/http calls a small body written while it is still in its buffer. An answer that comes before
// all of it has left is an early one, even if net/http gives up the rest of the request.
func TestSmallBodyIsWrittenOnceItHasLeft(t *testing.T) {
	for name, reads := range map[string]int64{"a part": 10, "all": 0} {
		t.Run(name, func(t *testing.T) {
			tr := &http.Transport{WriteBufferSize: writeBuffer, DialContext: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe() // a write lasts until all of it is read
				go answerEarly(theirs, reads)
				return &conn{Conn: ours}, nil
			}}
			var w Written
			var body Copy
			body.Set(make([]byte, 100))
			r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), w.Trace()), http.MethodPost, "http://endpoint.test", body.Open())
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = 100
			res, err := tr.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if err := w.Wait(t.Context(), 100); errors.Is(err, ErrUnread) != (reads > 0) {
				t.Errorf("the endpoint read %s: %v", name, err)
			}
		})
	}
}

// answerEarly reads some bytes of a request, or all of it if this is 0, and answers that it takes no
// other one.
func answerEarly(c net.Conn, bytes int64) {
	if bytes == 0 {
		_, _ = c.Read(make([]byte, writeBuffer)) // a single write
	} else {
		_, _ = io.CopyN(io.Discard, c, bytes)
	}
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}
