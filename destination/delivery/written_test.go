package delivery

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/transport"
)

// huge is a body that no socket's buffer holds.
var huge = strings.Repeat("x", 64<<20)

const acceptance = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

// A success that comes before the endpoint has read the body does not count, whatever becomes of
// the connection. The request is not divided: its parts could fit into the buffers of sockets, and
// count as written though nobody reads them.
func TestSuccessBeforeTheBodyIsNone(t *testing.T) {
	resetting := raw(t, func(c *net.TCPConn, _ int) {
		_, _ = io.WriteString(c, acceptance)
		_ = c.SetLinger(0)
	})
	closing := raw(t, func(c *net.TCPConn, _ int) { _, _ = io.WriteString(c, acceptance) })
	framed, trusted := http2Server(t, func(f *http2.Framer, stream uint32) {
		_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: headers(":status", "200"), EndHeaders: true, EndStream: true})
		_ = f.WriteRSTStream(stream, http2.ErrCodeNo)
	})
	for name, test := range map[string]struct {
		url       string
		transport transport.Options
		buffer    int // for writes, in bytes; 0: the transport's own
	}{
		"HTTP/1.1 closes":                   {closing, transport.Options{}, 0},
		"HTTP/1.1 resets":                   {resetting, transport.Options{}, 0},
		"HTTP/2 resets without an error":    {framed, transport.Options{TLS: trusted}, 0},
		"HTTP/1.1 with large write buffers": {closing, transport.Options{}, 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			c := over(t, Options{Timeout: time.Minute}, test.transport)
			if test.buffer > 0 {
				c.options.Transport.(*http.Transport).WriteBufferSize = test.buffer
			}
			request := to(test.url, huge)
			request.Rows = 2
			_, err := c.Deliver(t.Context(), request)
			// A connection that closes between two requests gives one attempt more.
			if f := failureOf(t, err); f.Kind != answer.Transient || f.Attempts < 3 || f.Attempts > 4 || f.Status != 200 {
				t.Errorf("%v after %d attempts: %v", f.Kind, f.Attempts, f)
			}
		})
	}
}

// An endpoint may answer first and read the body afterwards.
func TestSuccessBeforeTheBodyThatIsRead(t *testing.T) {
	most := int64(len(huge) - 64<<10) // what came with the header has been read
	var read int64
	var once sync.WaitGroup
	once.Add(1)
	url := raw(t, func(c *net.TCPConn, _ int) {
		defer once.Done()
		_, _ = io.WriteString(c, acceptance)
		read, _ = io.CopyN(io.Discard, c, most)
	})
	if _, err := over(t, Options{Timeout: time.Minute}, transport.Options{}).Deliver(t.Context(), to(url, huge)); err != nil {
		t.Fatal(err)
	}
	once.Wait()
	if read != most {
		t.Errorf("it had read %d bytes", read)
	}
}
