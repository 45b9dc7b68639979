package destination

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/guard"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/signature"
)

// network is every way out of the process. All of them pass the guard.
type network struct {
	endpoint   *http.Transport   // connections to the endpoint, with the config's TLS settings
	authorized http.RoundTripper // the same, with the config's credentials
	others     http.RoundTripper // connections to everything else: bucket, second endpoint
	transports []*http.Transport // all of them
	redactor   *redact.Redactor
	signer     *signature.Signer   // nil: requests are not signed
	keys       func(string) string // where AWS keys that are not in the config are looked up; nil: nowhere
	proxied    bool                // private mode, of which a proxy bypasses a part
	agent      string
	onAttempt  func(delivery.Attempt)
}

// newNetwork builds the ways out that config and environment ask for. It contacts nobody.
func newNetwork(c *config.Config, getenv func(string) string, redactor *redact.Redactor, agent string) (*network, error) {
	g, err := guard.FromEnvironment(getenv)
	if err != nil {
		return nil, err
	}
	if err := checkURLs(c, g); err != nil {
		return nil, err
	}
	if c.TLS.InsecureSkipVerify && guard.Hosted(getenv) {
		return nil, errors.New("tls.insecure_skip_verify: this deployment does not allow to skip the verification of certificates: give the endpoint's authority in tls.ca_certificate")
	}
	endpointTLS, err := auth.TLSConfig(auth.TLSOptions(c.TLS))
	if err != nil {
		return nil, err
	}
	tokenTLS, err := auth.TokenTLSConfig(c.Authentication.CACertificate)
	if err != nil {
		return nil, err
	}
	proxies, err := guard.Proxies(getenv)
	if err != nil {
		return nil, err
	}
	for _, address := range proxies {
		redactor.Add(redact.URL(address)...)
	}
	n := &network{redactor: redactor, agent: agent, keys: keysOf(getenv), proxied: len(proxies) > 0 && g.DeniesPrivate()}
	n.learnKeys()
	open := func(tlsConfig *tls.Config) *http.Transport {
		t := delivery.NewTransport(delivery.TransportOptions{
			TLS: tlsConfig, MaxConns: c.Delivery.MaxConcurrentRequests, Control: g.Control, Unresolved: g.Unresolved(),
			Proxy: http.ProxyFromEnvironment,
		})
		n.transports = append(n.transports, t)
		return t
	}
	n.others = auth.NewPlainTransport(open(nil))
	n.endpoint = open(endpointTLS)
	if n.authorized, err = auth.NewTransport(n.endpoint, n.credentials(&c.Authentication, open(tokenTLS))); err != nil {
		return nil, err
	}
	if secrets := c.Signing.Secrets(); len(secrets) > 0 {
		if n.signer, err = signature.New(secrets...); err != nil {
			return nil, fmt.Errorf("signing: %w", err)
		}
	}
	return n, nil
}

// credentials are what auth.NewTransport takes. Token requests go through tokens.
func (n *network) credentials(a *config.Authentication, tokens http.RoundTripper) auth.Options {
	return auth.Options{
		Type:     a.Type,
		User:     a.User,
		Password: a.Password,
		Token:    a.Token,
		OAuth2: auth.OAuth2Options{
			TokenURL: a.TokenURL, ClientID: a.ClientID, ClientSecret: a.ClientSecret,
			Scopes: a.Scopes, Audience: a.Audience, Style: a.Style,
			Transport: tokens, OnToken: n.learn,
		},
		SigV4: auth.SigV4Options{
			Service: a.Service, Region: a.Region,
			AccessKeyID: a.AccessKeyID.Reveal(), SecretAccessKey: a.SecretAccessKey, SessionToken: a.SessionToken,
			Getenv: n.keys,
		},
	}
}

// keysOf is where keys for AWS are looked up that are not in the config; nil where those in the environment are the
// operator's, not the user's.
func keysOf(getenv func(string) string) func(string) string {
	if guard.Hosted(getenv) {
		return nil
	}
	return getenv
}

// checkURLs lets the guard judge every address in the config before anything is dialled, for the clearer message.
func checkURLs(c *config.Config, g *guard.Guard) error {
	addresses := []struct{ field, url string }{
		{"url", c.URL}, {"authentication.token_url", c.Authentication.TokenURL}, {"dead_letter.url", c.DeadLetter.URL},
		{"dead_letter.endpoint", c.DeadLetter.Endpoint}, {"snapshot.endpoint", c.Snapshot.Endpoint},
	}
	for i, s := range c.Streams {
		addresses = append(addresses, struct{ field, url string }{fmt.Sprintf("streams.%d.url", i), s.URL})
	}
	var problems []error
	for _, a := range addresses {
		u, err := url.Parse(a.url)
		if a.url == "" || err != nil {
			continue // absent, or refused with the config
		}
		if err := g.CheckURL(u); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", a.field, err))
		}
	}
	return errors.Join(problems...)
}

// learn keeps a token out of all text from now on.
func (n *network) learn(token redact.Secret) { n.redactor.Learn(token.Reveal()) }

// learnKeys keeps the AWS keys of the environment out of all text.
func (n *network) learnKeys() {
	if n.keys == nil {
		return
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		n.redactor.Add(n.keys(name))
	}
}

// warn says what the operator should know of the ways out.
func (n *network) warn(log *slog.Logger) {
	if n.proxied {
		log.Warn("private networks are denied and a proxy is set: the proxy's own address is judged, and addresses that are written out; where a name leads behind the proxy, only the proxy can refuse")
	}
}

// client delivers over a transport as the config says.
func (n *network) client(c *config.Config, transport http.RoundTripper) *delivery.Client {
	d := &c.Delivery
	return delivery.New(delivery.Options{
		Transport: transport,
		Timeout:   d.RequestTimeout(),
		Retry: delivery.RetryOptions{
			MaxAttempts:     d.Retry.MaxAttempts,
			InitialInterval: d.Retry.InitialInterval(),
			MaxInterval:     d.Retry.MaxInterval(),
			MaxElapsed:      d.Retry.MaxElapsed(),
		},
		RequestsPerSecond: d.RequestsPerSecond,
		Concurrency:       d.MaxConcurrentRequests,
		Adaptive:          d.AdaptiveConcurrency,
		Compression:       string(d.Compression),
		Sign:              n.sign,
		Redact:            n.redactor.String,
		RedactCut:         n.redactor.Cut,
		OnAttempt:         n.onAttempt,
	})
}

// sign puts time and signature of an attempt into its header; see Standard Webhooks 1.0.
func (n *network) sign(h http.Header, id string, at time.Time, body []byte) {
	h["Webhook-Timestamp"] = []string{signature.Timestamp(at)}
	if n.signer != nil {
		h["Webhook-Signature"] = []string{n.signer.Sign(id, at, body)}
	}
}

// close ends idle connections.
func (n *network) close() {
	for _, t := range n.transports {
		t.CloseIdleConnections()
	}
}
