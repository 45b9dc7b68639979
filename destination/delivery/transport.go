package delivery

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
	// idleTimeout is below what common servers keep a connection for (60 to
	// 75 s), so that they seldom close one under a request.
	idleTimeout = 50 * time.Second
	// maxAnswerHeader bounds an answer's header; net/http's default is 10 MiB.
	maxAnswerHeader = 64 << 10
	// An HTTP/2 connection that is silent for sendPing is asked for a sign of
	// life, and given up after pingTimeout without one. HTTP/1 has none.
	sendPing    = 15 * time.Second
	pingTimeout = 10 * time.Second
)

// TransportOptions configure the connections of a sync.
type TransportOptions struct {
	TLS *tls.Config // nil: Go's defaults
	// Control judges the address of every connection before it is made, a
	// proxy's too. Nil: every address will do.
	Control         func(network, address string, c syscall.RawConn) error
	MaxConns        int // per host, dialing, busy and idle together; 0: unlimited
	WriteBufferSize int // per connection; 0: net/http's 4 KiB, which is enough for header and the body's beginning
	// Proxy picks a request's proxy. Nil: none.
	Proxy func(*http.Request) (*url.URL, error)
}

// NewTransport makes the transport for Options.Transport. It keeps
// connections, speaks HTTP/2 where the endpoint does, follows no redirect and
// does not decompress answers.
func NewTransport(o TransportOptions) *http.Transport {
	return &http.Transport{
		Proxy:                  proxy(o.Proxy),
		OnProxyConnectResponse: connectAnswer,
		DialContext:            dial(o.Control),
		TLSClientConfig:        o.TLS,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true, // a DialContext of one's own turns HTTP/2 off otherwise
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: sendPing, PingTimeout: pingTimeout},
		DisableCompression:     true, // a small gzip answer may unpack to gigabytes
		MaxConnsPerHost:        o.MaxConns,
		MaxIdleConnsPerHost:    o.MaxConns,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxAnswerHeader,
		WriteBufferSize:        o.WriteBufferSize,
	}
}

func dial(control func(network, address string, c syscall.RawConn) error) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: dialTimeout}
	if control != nil {
		d.Control = func(network, address string, c syscall.RawConn) error {
			if err := control(network, address, c); err != nil {
				return &refusedAddress{err}
			}
			return nil
		}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{c}, nil
	}
}

// proxy hides the text of errors: it holds the proxy's URL with its password.
func proxy(choose func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	if choose == nil {
		return nil
	}
	return func(r *http.Request) (*url.URL, error) {
		u, err := choose(r)
		if err != nil {
			return nil, &badProxy{errors.New("the proxy's URL in the environment cannot be parsed")}
		}
		return u, nil
	}
}

type badProxy struct{ error }

func (*badProxy) Permanent() bool { return true }

func connectAnswer(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
	if res.StatusCode != http.StatusOK {
		return &proxyAnswer{res.StatusCode}
	}
	return nil
}
