package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"

	"golang.org/x/net/idna"
)

// proxies connects to the proxies of a transport.
//
// net/http makes the TLS connection to an https proxy with the settings meant for the endpoint: its
// skipped verification, its server name, its client certificate. So TLS to a proxy is made here,
// below net/http, which is told of an http proxy.
type proxies struct {
	choose func(*http.Request) (*url.URL, error) // nil: none
	tls    *tls.Config                           // nil: Go's defaults
	dial   dialFunc
	secure sync.Map // the host:port of each https proxy → its host
}

// pick is for [http.Transport.Proxy]. It hides the text of errors: it holds the proxy's URL with
// its password.
func (p *proxies) pick() func(*http.Request) (*url.URL, error) {
	if p.choose == nil {
		return nil
	}
	return func(r *http.Request) (*url.URL, error) {
		u, err := p.choose(r)
		if err != nil {
			return nil, &badProxy{"the proxy's URL in the environment cannot be parsed"}
		}
		if u == nil || u.Scheme != "https" {
			return u, nil
		}
		return p.lower(u)
	}
}

// lower returns the http URL by which net/http reaches the https proxy u, and notes its address.
func (p *proxies) lower(u *url.URL) (*url.URL, error) {
	host, port := u.Hostname(), u.Port()
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii // as net/http would do on dialling
	}
	if port == "" {
		port = "443"
	}
	plain := *u
	plain.Scheme, plain.Host = "http", net.JoinHostPort(host, port)
	p.secure.Store(plain.Host, host)
	return &plain, nil
}

// dialContext is for [http.Transport.DialContext].
func (p *proxies) dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := p.dial(ctx, network, address)
	host, secure := p.secure.Load(address)
	if err != nil || !secure {
		return c, err
	}
	return p.handshake(ctx, c, host.(string))
}

func (p *proxies) handshake(ctx context.Context, c net.Conn, host string) (net.Conn, error) {
	config := wholeRecords(p.tls)
	config.ServerName, config.NextProtos = host, nil // CONNECT is sent as HTTP/1.1
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	secured := tls.Client(c, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		if IsCertificate(err) || IsTLS(err) {
			// It is not wrapped: errors about a certificate are read as those of the endpoint's.
			return nil, &badProxy{fmt.Sprintf("TLS with the proxy failed: %q: its certificate has to be signed by an authority that the system trusts", err.Error())}
		}
		return nil, err
	}
	return secured, nil
}

// badProxy is a fault of a proxy that no retry will fix.
type badProxy struct{ text string }

func (e *badProxy) Error() string { return e.text }
func (*badProxy) Permanent() bool { return true }

// proxyAnswer is a proxy's answer to CONNECT other than 200.
type proxyAnswer struct{ status int }

func (e *proxyAnswer) Error() string {
	return fmt.Sprintf("the proxy answered %d to CONNECT", e.status)
}
func (e *proxyAnswer) Permanent() bool { return e.status < 500 && e.status != 429 && e.status != 408 }

func connectAnswer(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
	if res.StatusCode != http.StatusOK {
		return &proxyAnswer{res.StatusCode}
	}
	return nil
}
