package receiver

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"destination-webhook/receiver/faults"
)

// placed is a connection from an address of the test's choice.
type placed struct {
	net.Conn
	from net.Addr
}

func (p placed) RemoteAddr() net.Addr { return p.from }

// served is a server in a bubble of synctest, whose requests wait for their answers for a while.
type served struct {
	*Server
	listener pipes
	clients  []*client
}

// client reads what it is sent until the server closes the connection.
type client struct {
	net.Conn
	ended chan struct{}
}

func (c *client) read() {
	_, _ = io.Copy(io.Discard, c)
	close(c.ended)
}

func (c *client) isOpen() bool {
	synctest.Wait()
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

func serve(t *testing.T) *served {
	t.Helper()
	s := &served{listener: make(pipes)}
	s.Server = newServer(New(Options{Faults: faults.Faults{Latency: time.Hour}}), s.listener)
	go func() { _ = s.http.Serve(timedListener{s.listener}) }()
	t.Cleanup(func() {
		_, _ = s.Receiver.Close(), s.http.Close()
		for _, c := range s.clients {
			_ = c.Close()
		}
	})
	return s
}

// connect opens a connection and sends something.
func (s *served) connect(from, sends string) *client {
	near, far := net.Pipe()
	s.listener <- placed{far, &net.TCPAddr{IP: net.ParseIP(from)}}
	synctest.Wait()
	c := &client{near, make(chan struct{})}
	go c.read()
	go func() { _, _ = io.WriteString(near, sends) }()
	synctest.Wait()
	s.clients = append(s.clients, c)
	return c
}

func count(clients []*client) (open int) {
	for _, c := range clients {
		if c.isOpen() {
			open++
		}
	}
	return open
}

const (
	asks  = "HEAD /hook HTTP/1.1\r\nHost: localhost\r\n\r\n"
	idles = "HEAD / HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n" // refused at once
)

// Whoever holds all connections loses one to another who comes. Requests are ended last, and for
// nobody who has as many.
func TestConnectionsAreShared(t *testing.T) {
	const remote = maxConnections - loopbackReserve
	tests := map[string]struct {
		from, sends string // of those who hold all connections
		newcomer    string
		served      bool
		left        int // of those who hold them
	}{
		"requests, another address":            {"192.0.2.1", asks, "192.0.2.2", true, remote - 1},
		"requests, the same address":           {"192.0.2.1", asks, "192.0.2.1", false, remote},
		"requests, the same network":           {"2001:db8::1", asks, "2001:db8::2", false, remote},
		"requests, another network":            {"2001:db8::1", asks, "2001:db8:0:1::1", true, remote - 1},
		"an address of IPv4, written as IPv6":  {"192.0.2.1", asks, "::ffff:192.0.2.1", false, remote},
		"nothing, another address":             {"192.0.2.1", "", "192.0.2.2", true, remote - 1},
		"nothing, the same address":            {"192.0.2.1", "", "192.0.2.1", true, remote - 1},
		"answered, the same address":           {"192.0.2.1", idles, "192.0.2.1", true, remote - 1},
		"requests, this machine":               {"192.0.2.1", asks, "127.0.0.1", true, remote},
		"requests of this machine, by another": {"127.0.0.1", asks, "192.0.2.1", true, maxConnections - 1},
		"requests of this machine, by itself":  {"127.0.0.1", asks, "127.0.0.1", false, maxConnections},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t)
				holders := remote
				if strings.HasPrefix(tt.from, "127.") {
					holders = maxConnections
				}
				for range holders {
					s.connect(tt.from, tt.sends)
				}
				held := s.clients[:holders:holders]
				if got := s.connect(tt.newcomer, asks).isOpen(); got != tt.served {
					t.Errorf("the newcomer is served: %v, want %v", got, tt.served)
				}
				if left := count(held); left != tt.left {
					t.Errorf("%d of %d are left, want %d", left, holders, tt.left)
				}
			})
		})
	}
}

// Of one address, the connections that are missed least go first.
func TestIdleConnectionsGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const each = (maxConnections - loopbackReserve) / 4
		s := serve(t)
		kinds := []string{asks, "", idles, asks}
		for i := range 4 * each {
			s.connect("192.0.2.1", kinds[i/each])
		}
		for _, want := range [][]int{{each, each, 0, each}, {each, 0, 0, each}} {
			for range each {
				s.connect("192.0.2.2", asks)
			}
			for kind, n := range want {
				if left := count(s.clients[kind*each : (kind+1)*each]); left != n {
					t.Errorf("of kind %d, %d are left, want %d", kind, left, n)
				}
			}
		}
	})
}

// Two who ask for all they can get have half each, however they begin.
func TestSharesAreEqual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const all = maxConnections - loopbackReserve
		s := serve(t)
		for _, from := range []string{"192.0.2.1", "192.0.2.2"} {
			for range all {
				s.connect(from, asks)
			}
		}
		first, second := count(s.clients[:all]), count(s.clients[all:])
		if first != all/2 || second != all/2 || s.Totals().Open != all {
			t.Errorf("%d and %d, of %d", first, second, s.Totals().Open)
		}
	})
}

// However many addresses there are, this machine has its reserve, and the bound holds.
func TestConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		for i := range maxConnections {
			s.connect(net.IPv4(192, 0, byte(i>>8), byte(i)).String(), asks)
		}
		if open := count(s.clients); open != maxConnections-loopbackReserve {
			t.Errorf("%d addresses are served", open)
		}
		for range loopbackReserve {
			if !s.connect("127.0.0.1", asks).isOpen() {
				t.Error("this machine is not served")
			}
		}
		if open := s.Totals().Open; open != maxConnections {
			t.Errorf("%d are open, want %d", open, maxConnections)
		}
		_ = s.clients[0].Close()
		synctest.Wait()
		if !s.connect("198.51.100.1", asks).isOpen() {
			t.Error("after one has ended, the next is not served")
		}
	})
}

// A request that goes on after its connection was closed, as that of a wrong token does, makes no
// room for ever more of them.
func TestConnectionsThatLeaveAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		s.http.Handler = waits(t)
		for i := range maxConnections + 2*maxLeaving {
			s.connect([]string{"192.0.2.1", "192.0.2.2"}[min(i/maxConnections, 1)], asks)
		}
		if open := s.Totals().Open; open != maxConnections-loopbackReserve+maxLeaving {
			t.Errorf("%d requests are under way", open)
		}
	})
}

// waits is a handler that does not notice that its client is gone.
func waits(t *testing.T) http.Handler {
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ended })
}

// A client that reads no answer does not hold its connection for ever.
func TestAnswersThatNobodyReadsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t)
		near, far := net.Pipe()
		defer near.Close()
		s.listener <- far
		go func() { _, _ = io.WriteString(near, idles) }()
		for _, open := range []int64{1, 0} {
			synctest.Wait()
			if got := s.Totals().Open; got != open {
				t.Errorf("%d are open, want %d", got, open)
			}
			time.Sleep(writeTimeout)
		}
	})
}

// Each piece of an answer has its time, so that one of many pieces arrives over a slow line.
func TestPiecesOfAnAnswerHaveTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			_, _ = timedConn{far}.Write(make([]byte, 10*writePiece))
		}()
		total := 0
		for buffer := make([]byte, writePiece); ; time.Sleep(writeTimeout - time.Second) {
			n, err := near.Read(buffer)
			if total += n; err != nil {
				break
			}
		}
		if total != 10*writePiece {
			t.Errorf("%d bytes arrived", total)
		}
	})
}
