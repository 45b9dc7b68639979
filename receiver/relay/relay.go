// Package relay passes requests that a receiver kept on to one target, and brings back its answer.
//
// The target is the one that the operator names; nothing in a request chooses it. Unless the
// operator allows others, only addresses of this machine are dialled, whatever names they have.
package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"destination-webhook/destination/guard"
	"destination-webhook/destination/signature"
	"destination-webhook/receiver/journal"
)

const (
	timeout   = time.Minute
	maxAnswer = 1 << 20 // bytes that are read of an answer
)

// Relay sends requests to one target. It is safe for concurrent use.
type Relay struct {
	target string
	client *http.Client
	signer *signature.Signer // nil: signatures are passed on as they came
}

// New returns a Relay to the target, an address of this machine unless remote is set. With secrets
// that can sign, each request is signed again, with a fresh timestamp.
func New(target string, remote bool, secrets []string) (*Relay, error) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("the target of forwarded requests has to be a URL such as http://localhost:3000/hook")
	}
	dialer := net.Dialer{Timeout: 10 * time.Second, Control: loopbackOnly}
	if remote {
		g := guard.New(guard.Options{})
		if err := g.CheckURL(u); err != nil {
			return nil, fmt.Errorf("the target of forwarded requests: %w", err)
		}
		dialer.Control = g.Control
	}
	signer, err := signature.New(secrets...)
	if err != nil {
		signer = nil // none, or public keys, which cannot sign
	}
	return &Relay{target, &http.Client{
		Timeout: timeout,
		// Without a proxy: it would be the one to dial, and nobody would judge the address.
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, signer}, nil
}

// loopbackOnly judges an address when it is dialled, after all resolving.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil || !target.Addr().Unmap().IsLoopback() {
		return errors.New("the target is not on this machine: allow it with --forward-remote")
	}
	return nil
}

// Target returns where requests go, without what may be a secret.
func (r *Relay) Target() string {
	u, err := url.Parse(r.target)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// Signs reports whether requests are signed again.
func (r *Relay) Signs() bool { return r.signer != nil }

// Close closes connections that are idle.
func (r *Relay) Close() { r.client.CloseIdleConnections() }

// Answer is what the target said.
type Answer struct {
	Status      int
	ContentType string
	RetryAfter  string
	Body        string
	Rejected    []journal.Rejection // rows that the body of a success names
}

// Send sends a kept request to the target, under the same Webhook-Id. The body is sent
// uncompressed.
func (r *Relay) Send(ctx context.Context, q *journal.Request, now time.Time) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, q.Method, r.target, bytes.NewReader(q.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("forwarding the request: %w", err)
	}
	req.Header = passedOn(q.Header)
	if r.signer != nil && q.WebhookID != "" {
		req.Header.Set(signature.HeaderTimestamp, signature.Timestamp(now))
		req.Header.Set(signature.HeaderSignature, r.signer.Sign(q.WebhookID, now, q.Body))
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("forwarding the request: %w", withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return Answer{}, fmt.Errorf("reading the target's answer: %w", err)
	case len(body) > maxAnswer:
		return Answer{}, fmt.Errorf("reading the target's answer: it is larger than %d bytes", maxAnswer)
	}
	a := Answer{Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), RetryAfter: resp.Header.Get("Retry-After"), Body: string(body)}
	if a.Status >= 200 && a.Status < 300 {
		a.Rejected = journal.Verdict(body, q.Rows)
	}
	return a, nil
}

// hopByHop are headers of one connection, and those that the body's new form makes wrong.
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"Content-Encoding", "Content-Length", "Accept-Encoding", "Expect",
}

func passedOn(h http.Header) http.Header {
	passed := h.Clone()
	for _, names := range h.Values("Connection") {
		for name := range strings.SplitSeq(names, ",") {
			passed.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hopByHop {
		passed.Del(name)
	}
	return passed
}

// withoutURL drops the URL from the error, because its query may contain a token.
func withoutURL(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}
