package receiver

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// connections bounds the connections that are open, and shares them among those who connect, so
// that nobody keeps others out by holding all of them. It is safe for concurrent use.
type connections struct {
	mu      sync.Mutex
	open    map[net.Conn]*connection
	from    map[peer]int // of each, those that are not leaving
	remote  int          // likewise, of other machines
	all     int          // likewise
	leaving int          // closed to make room, and not yet ended
	clock   int64        // counts changes of state
}

type connection struct {
	peer    peer
	state   http.ConnState
	since   int64 // of the state, by the clock
	leaving bool
}

func newConnections() *connections {
	return &connections{open: map[net.Conn]*connection{}, from: map[peer]int{}}
}

// peer is whoever counts as one: an IPv4 address, or an IPv6 network of the size that one
// subscriber has.
type peer struct {
	network  netip.Prefix
	loopback bool
}

func peerOf(addr net.Addr) peer {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return peer{}
	}
	ip, _ := netip.AddrFromSlice(tcp.IP)
	ip = ip.Unmap()
	network, _ := ip.Prefix(min(64, ip.BitLen())) // the zero Prefix for no address
	return peer{network, ip.IsLoopback()}
}

// observe follows a connection. It returns another one to close, or the same, if there are too
// many; nil for none.
func (c *connections) observe(conn net.Conn, state http.ConnState) (drop net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock++
	if state == http.StateNew {
		c.open[conn] = &connection{peer: peerOf(conn.RemoteAddr()), state: state, since: c.clock}
		c.count(c.open[conn].peer, 1)
		return c.makeRoom(conn)
	}
	known := c.open[conn]
	switch {
	case known == nil: // it was refused
	case state == http.StateClosed, state == http.StateHijacked: // a handler closes those that it took over
		c.remove(conn)
	default:
		known.state, known.since = state, c.clock
	}
	return nil
}

func (c *connections) count(p peer, n int) {
	c.all += n
	if !p.loopback {
		c.remote += n
	}
	if c.from[p] += n; c.from[p] == 0 {
		delete(c.from, p)
	}
}

func (c *connections) remove(conn net.Conn) {
	if gone := c.open[conn]; gone.leaving {
		c.leaving--
	} else {
		c.count(gone.peer, -1)
	}
	delete(c.open, conn)
}

// makeRoom returns the connection that has to go for a new one, which may be the new one itself.
func (c *connections) makeRoom(newest net.Conn) (drop net.Conn) {
	p := c.open[newest].peer
	tooManyRemote := !p.loopback && c.remote > maxConnections-loopbackReserve
	if c.all <= maxConnections && !tooManyRemote {
		return nil
	}
	if c.leaving < maxLeaving {
		drop = c.victim(newest, c.largest(p, tooManyRemote))
	}
	if drop == nil {
		c.remove(newest)
		return newest
	}
	c.count(c.open[drop].peer, -1)
	c.open[drop].leaving = true
	c.leaving++
	return drop
}

// largest returns who has the most connections, p itself if nobody has more.
func (c *connections) largest(p peer, remoteOnly bool) peer {
	for other, n := range c.from {
		if n > c.from[p] && (!other.loopback || !remoteOnly) {
			p = other
		}
	}
	return p
}

// victim returns the connection of p that is missed least: one that waits for a request, then one
// whose header still comes, then one with a request, the oldest of each first. If p asks for one
// more itself, none of its requests is ended for that; nil if it has nothing else.
func (c *connections) victim(newest net.Conn, p peer) (best net.Conn) {
	own := c.open[newest].peer == p
	for conn, candidate := range c.open {
		switch {
		case conn == newest || candidate.leaving || candidate.peer != p:
		case candidate.state == http.StateActive && own:
		case best == nil || candidate.before(c.open[best]):
			best = conn
		}
	}
	return best
}

// before reports whether a connection is to be closed before another one.
func (c *connection) before(other *connection) bool {
	rank := map[http.ConnState]int{http.StateIdle: 0, http.StateNew: 1, http.StateActive: 2}
	return cmp.Or(cmp.Compare(rank[c.state], rank[other.state]), cmp.Compare(c.since, other.since)) < 0
}
