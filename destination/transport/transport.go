// Package transport makes the connections over which requests leave: with TLS, proxies, and a
// function that judges each address before it is dialled. A connection writes a body straight from
// its memory, which the caller lends to it, and knows whether a request was written to its end.
//
// It knows neither retries nor what an answer means.
package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	// idleTimeout is below what common servers keep a connection for (60 to 75 s), so that they
	// seldom close one under a request.
	idleTimeout = 50 * time.Second
	// maxAnswerHeader bounds an answer's header; net/http's default is 10 MiB.
	maxAnswerHeader = 64 << 10
	// writeBuffer holds a small body and the usual header before it. It has to be smaller than a
	// record of TLS, 16 KiB, so that it leaves in one write: see Written.Wait.
	writeBuffer = MaxCopy + 8<<10
	// An HTTP/2 connection that is silent for sendPing is pinged, and closed if it does not answer
	// within pingTimeout. HTTP/1 has no ping.
	sendPing    = 15 * time.Second
	pingTimeout = 10 * time.Second
)

// Options configure the connections of a sync.
type Options struct {
	TLS *tls.Config // nil: Go's defaults
	// Control judges the address of every connection before it is made, a proxy's too. Nil: every
	// address will do.
	Control func(network, address string, c syscall.RawConn) error
	// Unresolved replaces the error of a host name that does not exist, if users must not learn
	// which names do. Nil: the resolver's error.
	Unresolved error
	MaxConns   int // per host, dialing, busy and idle together; 0: unlimited
	// Proxy picks a request's proxy. Nil: none.
	Proxy func(*http.Request) (*url.URL, error)
	// ProxyTLS is for connections to https proxies, whose operator is another than the endpoint's:
	// TLS above says nothing about them. Nil: Go's defaults.
	ProxyTLS *tls.Config
}

// New makes a transport. It keeps connections, speaks HTTP/2 if
// the endpoint does, follows no redirect and does not decompress answers.
func New(o Options) *http.Transport {
	proxies := &proxies{choose: o.Proxy, tls: o.ProxyTLS, dial: dial(o)}
	return &http.Transport{
		Proxy:                  proxies.pick(),
		OnProxyConnectResponse: connectAnswer,
		DialContext:            proxies.dialContext,
		TLSClientConfig:        wholeRecords(o.TLS),
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true, // a DialContext of one's own turns HTTP/2 off otherwise
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: sendPing, PingTimeout: pingTimeout},
		DisableCompression:     true, // a small gzip answer may unpack to gigabytes
		MaxConnsPerHost:        o.MaxConns,
		MaxIdleConnsPerHost:    o.MaxConns,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxAnswerHeader,
		WriteBufferSize:        writeBuffer,
	}
}

// wholeRecords returns a config by which a write to a connection is one record, if it fits one.
// crypto/tls would begin a connection with smaller ones, for answers that are read while they come.
func wholeRecords(c *tls.Config) *tls.Config {
	if c = c.Clone(); c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c.DynamicRecordSizingDisabled = true
	return c
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func dial(o Options) dialFunc {
	d := &net.Dialer{Timeout: dialTimeout}
	if o.Control != nil {
		d.Control = func(network, address string, c syscall.RawConn) error {
			if err := o.Control(network, address, c); err != nil {
				return &Refused{err}
			}
			return nil
		}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, outward(err, o.Unresolved)
		}
		return &conn{Conn: c}, nil
	}
}

// outward returns a dialler's error without what is inside the operator's network: net.OpError
// shows the refused address, and net.DNSError the name server. unresolved, unless it is nil,
// replaces the error of a name that does not exist: it then looks like a refused address.
func outward(err, unresolved error) error {
	if refused := (*Refused)(nil); errors.As(err, &refused) {
		return refused
	}
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		if unresolved != nil && dns.IsNotFound {
			return &Refused{unresolved}
		}
		shown := *dns
		shown.Server = ""
		return &shown
	}
	return err
}
