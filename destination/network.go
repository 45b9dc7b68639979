package destination

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/guard"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/signature"
)

// network is every way out of the process. All of them pass the guard.
type network struct {
	endpoint   *http.Transport   // connections to the endpoint, with the config's TLS settings
	authorized http.RoundTripper // the same, with the config's credentials
	own        *http.Transport   // connections to everything else: token URL, bucket, second endpoint
	redactor   *redact.Redactor
	signer     *signature.Signer   // nil: requests are not signed
	keys       func(string) string // where AWS keys that are not in the config are looked up; nil: nowhere
	agent      string
	onAttempt  func(delivery.Attempt)
}

// newNetwork builds the ways out that config and environment ask for. It contacts nobody.
func newNetwork(c *Config, getenv func(string) string, redactor *redact.Redactor, agent string) (*network, error) {
	g, err := guard.FromEnvironment(getenv)
	if err != nil {
		return nil, err
	}
	if err := checkURLs(c, g); err != nil {
		return nil, err
	}
	if c.TLS.InsecureSkipVerify && hosted(getenv) {
		return nil, errors.New("tls.insecure_skip_verify: this deployment does not allow to skip the verification of certificates: give the endpoint's authority in tls.ca_certificate")
	}
	config, err := auth.TLSConfig(auth.TLSOptions(c.TLS))
	if err != nil {
		return nil, err
	}
	learnProxies(redactor, getenv)
	n := &network{redactor: redactor, agent: agent, keys: keysOf(getenv)}
	n.learnKeys()
	limits := delivery.TransportOptions{MaxConns: c.Delivery.MaxConcurrentRequests, Control: g.Control, Proxy: http.ProxyFromEnvironment}
	n.own = delivery.NewTransport(limits)
	limits.TLS = config
	n.endpoint = delivery.NewTransport(limits)
	if n.authorized, err = auth.NewTransport(n.endpoint, c.Authentication.authOptions(n.own, n.learn, n.keys)); err != nil {
		return nil, err
	}
	if secrets := c.Signing.secrets(); len(secrets) > 0 {
		if n.signer, err = signature.New(secrets...); err != nil {
			return nil, fmt.Errorf("signing: %w", err)
		}
	}
	return n, nil
}

// hosted says whether the operator of the deployment is somebody else than its user.
func hosted(getenv func(string) string) bool {
	return strings.EqualFold(strings.TrimSpace(getenv("DEPLOYMENT_MODE")), "CLOUD")
}

// keysOf is where keys for AWS are looked up that are not in the config; nil where those in the environment are the
// operator's, not the user's.
func keysOf(getenv func(string) string) func(string) string {
	if hosted(getenv) {
		return nil
	}
	return getenv
}

// checkURLs lets the guard judge every address in the config before anything is dialled, for the clearer message.
func checkURLs(c *Config, g *guard.Guard) error {
	addresses := map[string]string{
		"url": c.URL, "authentication.token_url": c.Authentication.TokenURL, "dead_letter.url": c.DeadLetter.URL,
		"dead_letter.endpoint": c.DeadLetter.Endpoint, "snapshot.endpoint": c.Snapshot.Endpoint,
	}
	for i, s := range c.Streams {
		addresses[fmt.Sprintf("streams.%d.url", i)] = s.URL
	}
	var problems []error
	for field, address := range addresses {
		u, err := url.Parse(address)
		if address == "" || err != nil || u.Host == "" {
			continue // absent, or a host alone
		}
		if err := g.CheckURL(u); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", field, err))
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

// learnProxies keeps the proxies' passwords out of all text.
func learnProxies(redactor *redact.Redactor, getenv func(string) string) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		redactor.Add(redact.URL(getenv(name))...)
	}
}

// client delivers over a transport as the config says.
func (n *network) client(c *Config, transport http.RoundTripper) *delivery.Client {
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
		Compression:       d.Compression,
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
	n.endpoint.CloseIdleConnections()
	n.own.CloseIdleConnections()
}
