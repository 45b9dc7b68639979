package destination

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/auth"
	"destination-webhook/destination/bucket"
	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/snapshot"
)

// checkEndpoint tries the endpoint once and says in a sentence what came of it. An error says why a sync would fail.
func checkEndpoint(ctx context.Context, c *config.Config, n *network) (string, error) {
	r := &route{method: c.Method, url: c.URL, mode: checkMode(c), header: header(c, n.agent)}
	body := []byte(frameEmpty(r))
	probed := n.authorized
	switch c.ConnectionCheck {
	case config.CheckHead:
		r.method, body = http.MethodHead, nil
	case config.CheckConnect:
		var err error
		if probed, err = auth.NewTransport(connectOnly{n.endpoint}, auth.Options{}); err != nil {
			return "", err
		}
	}
	response, err := n.client(c, probed).Probe(ctx, request(r, body))
	if err == nil {
		return fmt.Sprintf("%s answered %d", host(c.URL), response.Status), nil
	}
	return passes(c.ConnectionCheck, err)
}

// passes lets through answers by which the endpoint shows that it is there and knows us, whatever it thinks of a batch
// without rows.
func passes(check config.ConnectionCheck, err error) (string, error) {
	f := (*delivery.Failure)(nil)
	if !errors.As(err, &f) || f.Status == 0 {
		return "", err
	}
	reachable := f.Status == http.StatusTooManyRequests || f.Kind == answer.Refused || f.Kind == answer.TooLarge
	if check == config.CheckHead {
		reachable = reachable || f.Status == http.StatusUnsupportedMediaType
	}
	if !reachable {
		return "", err
	}
	return fmt.Sprintf("%s is reachable and did not refuse the credentials; it answered %d to the connection check", f.Host, f.Status), nil
}

// checkMode is the sync mode that the envelope of a check names.
func checkMode(c *config.Config) config.SyncMode {
	if c.SyncMode == config.Auto {
		return config.Insert
	}
	return c.SyncMode
}

func frameEmpty(r *route) string {
	f := frame(r, nil)
	return f.Prefix + f.Suffix
}

// bucketTime bounds how long a check waits for a bucket.
const bucketTime = 20 * time.Second

// checkSnapshot looks whether a sync could open the snapshot, and opens none: a sync may be using it.
func checkSnapshot(ctx context.Context, c *config.Config, n *network) (err error) {
	switch c.Snapshot.Type {
	case config.LocalStorage:
		err = snapshot.Probe(c.Snapshot.Path)
	case config.S3Storage:
		var b *bucket.Bucket
		if b, err = n.openBucket(&c.Snapshot.S3); err == nil {
			ctx, cancel := context.WithTimeout(ctx, bucketTime)
			defer cancel()
			err = snapshot.ProbeRemote(ctx, b)
		}
	}
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// connectOnly answers every request once a connection to its host stands, TLS included, and sends nothing over it. Behind
// a proxy that is as far as the proxy, whose TLS is the dialer's affair.
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
