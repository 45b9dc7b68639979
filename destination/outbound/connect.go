package outbound

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
)

// connectOnly answers every request once it has connected to the host, with TLS if the URL has it,
// and sends nothing. With a proxy it connects to the proxy only, whose TLS is made by the dialer.
type connectOnly struct{ transport *http.Transport }

func (t connectOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	target, err := t.target(r)
	if err != nil {
		return nil, err
	}
	conn, err := t.transport.DialContext(r.Context(), "tcp", net.JoinHostPort(target.Hostname(), port(target)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	if target.Scheme == "https" {
		config := t.transport.TLSClientConfig.Clone()
		if config == nil {
			config = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		if config.ServerName == "" {
			config.ServerName = target.Hostname()
		}
		if err := tls.Client(conn, config).HandshakeContext(r.Context()); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (t connectOnly) target(r *http.Request) (*url.URL, error) {
	if t.transport.Proxy != nil {
		proxy, err := t.transport.Proxy(r)
		if err != nil || proxy != nil {
			return proxy, err
		}
	}
	return r.URL, nil
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	switch u.Scheme {
	case "https":
		return "443"
	case "socks5", "socks5h":
		return "1080"
	}
	return "80"
}
