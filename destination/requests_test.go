package destination

import (
	"bufio"
	"bytes"
	"net"
	"strconv"
	"testing"

	"destination-webhook/bench/shape"
	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/outbound"
	"destination-webhook/destination/redact"
)

// requestRows is how many rows the requests have whose cost is measured.
const requestRows = 100

// listening is an endpoint on the loopback that allocates nothing for a request, so that all that a
// request allocates is the client's.
func listening(tb testing.TB) (url string) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerAll(c)
		}
	}()
	return "http://" + l.Addr().String()
}

// answerAll accepts the requests of a connection, of which it reads only their length.
func answerAll(c net.Conn) {
	defer c.Close()
	r, accepted := bufio.NewReader(c), []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	for length := 0; ; {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
		if len(bytes.TrimSpace(line)) > 0 {
			continue
		}
		if _, err := r.Discard(length); err != nil {
			return
		}
		if _, err := c.Write(accepted); err != nil {
			return
		}
	}
}

// requestLines returns the narrow rows of so many requests.
func requestLines(requests int) []byte { return linesOf(shape.Narrow, requestRows*requests) }

// sendRequests runs a sync of rows, requestRows of them in a request, to a URL.
func sendRequests(tb testing.TB, url string, lines []byte) {
	tb.Helper()
	c := configtest.Parse(tb, `,"batching":{"max_rows":`+strconv.Itoa(requestRows)+`}`)
	c.URL = url
	n, err := outbound.New(outbound.Options{Config: c, Getenv: func(string) string { return "" }, Redactor: &redact.Redactor{}})
	if err != nil {
		tb.Fatal(err)
	}
	defer n.Close()
	syncOver(tb, c, n.EndpointClient(), "plain", bytes.NewReader(lines))
}

// BenchmarkRequest is a request of a sync over a connection, with its rows.
func BenchmarkRequest(b *testing.B) {
	url, lines := listening(b), requestLines(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	sendRequests(b, url, lines)
}

// What a request allocates is counted on its whole way: its batch, its name, the delivery, net/http
// and what is told of it. Most of what is left is net/http's.
func TestRequestAllocatesLittle(t *testing.T) {
	const requests = 300
	url := listening(t)
	few, many := requestLines(requests), requestLines(3*requests)
	sendRequests(t, url, few) // whatever is made once
	perRequest := float64(allocations(func() { sendRequests(t, url, many) })-allocations(func() { sendRequests(t, url, few) })) / (2 * requests)
	t.Logf("%.1f allocations a request", perRequest)
	if perRequest > 55 {
		t.Errorf("%.1f allocations a request", perRequest)
	}
}
