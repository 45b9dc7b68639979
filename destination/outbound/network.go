// Package outbound is every way out of the process: transports with the config's TLS settings,
// credentials and proxies, all checked by the network guard, and the clients over them. It knows
// where requests may go, and nothing of what they carry.
package outbound

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/awsenv"
	"destination-webhook/destination/bucket"
	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/guard"
	"destination-webhook/destination/postgres"
	"destination-webhook/destination/redact"
	"destination-webhook/destination/signature"
	"destination-webhook/destination/trace"
	"destination-webhook/destination/transport"
)

// Network is every way out of the process. All of them pass the guard.
type Network struct {
	Trace  trace.Context // the trace that every attempt is part of
	Phases bool          // whether attempts of clients that are made from now on note their phases

	guard      *guard.Guard
	options    Options
	endpoint   *http.Transport   // connections to the endpoint, with the config's TLS settings
	authorized http.RoundTripper // the same, with the config's credentials
	plain      *http.Transport   // connections to everything else: buckets, the dead-letter webhook
	others     http.RoundTripper // the same, with its errors explained
	transports []*http.Transport // all of them
	clients    []*delivery.Client
	signer     *signature.Signer // nil: requests are not signed
	// Looks up AWS keys that are not in the config; nil: they are not looked up.
	keys    func(string) string
	proxied bool // private networks are denied, and a proxy bypasses a part of that
}

// Options are what the ways out are built from.
type Options struct {
	Config    *config.Config
	Getenv    func(string) string
	Redactor  *redact.Redactor       // learns what becomes secret on the way
	OnAttempt func(delivery.Attempt) // told of every attempt of every client; nil: nobody
}

// New builds the ways out that config and environment ask for. It contacts nobody.
func New(o Options) (*Network, error) {
	g, err := guard.FromEnvironment(o.Getenv)
	if err != nil {
		return nil, err
	}
	if err := checkURLs(o.Config, g); err != nil {
		return nil, err
	}
	if o.Config.TLS.InsecureSkipVerify && guard.Hosted(o.Getenv) {
		return nil, errors.New("tls.insecure_skip_verify: this deployment does not allow skipping the verification of certificates: give the endpoint's authority in tls.ca_certificate")
	}
	proxies, err := guard.Proxies(o.Getenv)
	if err != nil {
		return nil, err
	}
	for _, address := range proxies {
		o.Redactor.Add(redact.URL(address)...)
	}
	n := &Network{Trace: trace.FromEnvironment(o.Getenv), guard: g, options: o, keys: keysOf(o.Getenv), proxied: len(proxies) > 0 && g.DeniesPrivate()}
	n.learnKeys()
	if err := n.open(g); err != nil {
		return nil, err
	}
	if secrets := o.Config.Signing.Secrets(); len(secrets) > 0 {
		if n.signer, err = signature.New(secrets...); err != nil {
			return nil, fmt.Errorf("signing: %w", err)
		}
	}
	return n, nil
}

// open makes the transports. Only the endpoint's own have the config's TLS settings.
func (n *Network) open(g *guard.Guard) error {
	c := n.options.Config
	endpointTLS, err := auth.TLSConfig(auth.TLSOptions(c.TLS))
	if err != nil {
		return err
	}
	tokenTLS, err := auth.TokenTLSConfig(c.Authentication.CACertificate)
	if err != nil {
		return err
	}
	n.plain = n.transport(g, nil)
	n.others = auth.NewPlainTransport(n.plain)
	n.endpoint = n.transport(g, endpointTLS)
	n.authorized, err = auth.NewTransport(n.endpoint, n.credentials(&c.Authentication, n.transport(g, tokenTLS)))
	return err
}

func (n *Network) transport(g *guard.Guard, tlsConfig *tls.Config) *http.Transport {
	t := transport.New(transport.Options{
		TLS: tlsConfig, MaxConns: n.options.Config.Delivery.MaxConcurrentRequests, Control: g.Control, Unresolved: g.Unresolved(),
		Proxy: http.ProxyFromEnvironment,
	})
	n.transports = append(n.transports, t)
	return t
}

// credentials are what auth.NewTransport takes. Token requests go through tokens.
func (n *Network) credentials(a *config.Authentication, tokens http.RoundTripper) auth.Options {
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

// keysOf returns the lookup of AWS keys that are not in the config; nil if those in the environment
// are the operator's, not the user's.
func keysOf(getenv func(string) string) func(string) string {
	if guard.Hosted(getenv) {
		return nil
	}
	return getenv
}

// checkURLs lets the guard judge every address in the config before anything is dialled, for the
// clearer message.
func checkURLs(c *config.Config, g *guard.Guard) error {
	addresses := slices.Insert(c.Addresses(), 1, []config.Address{
		{Field: "authentication.token_url", URL: c.Authentication.TokenURL}, {Field: "dead_letter.url", URL: c.DeadLetter.URL},
		{Field: "dead_letter.endpoint", URL: c.DeadLetter.Endpoint}, {Field: "snapshot.endpoint", URL: c.Snapshot.Endpoint},
		{Field: "report.url", URL: c.Report.URL}, {Field: "report.endpoint", URL: c.Report.Endpoint},
	}...)
	var problems []error
	for _, a := range addresses {
		u, err := url.Parse(a.URL)
		if a.URL == "" || err != nil {
			continue // absent, or refused with the config
		}
		if err := g.CheckURL(u); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", a.Field, err))
		}
	}
	return errors.Join(problems...)
}

// learn keeps a token out of all text from now on.
func (n *Network) learn(token redact.Secret) { n.options.Redactor.Learn(token.Reveal()) }

// learnKeys keeps the AWS keys of the environment out of all text.
func (n *Network) learnKeys() {
	keys := awsenv.Read(n.keys)
	n.options.Redactor.Add(keys.ID, keys.Secret.Reveal(), keys.Token.Reveal())
}

// Warnings returns what the operator should know of the ways out.
func (n *Network) Warnings() []string {
	if !n.proxied {
		return nil
	}
	return []string{"private networks are denied and a proxy is set: the guard checks the proxy's own address and addresses that are written out; the address of a name that the proxy resolves can be refused only by the proxy"}
}

// Reach returns the transport to servers that the environment names and not the config. The guard
// judges their addresses, and their URLs are secrets.
func (n *Network) Reach(addresses ...string) (http.RoundTripper, error) {
	for _, address := range addresses {
		n.options.Redactor.Add(redact.URL(address)...)
		u, err := url.Parse(address)
		if err == nil {
			err = n.guard.CheckURL(u)
		}
		if err != nil {
			return nil, err
		}
	}
	return n.others, nil
}

// Bucket opens a bucket.
func (n *Network) Bucket(s *config.S3) (*bucket.Bucket, error) {
	return bucket.New(bucket.Options{
		Endpoint: s.Endpoint, Region: s.Region, Bucket: s.Bucket, Prefix: s.Prefix,
		AccessKeyID: s.AccessKeyID.Reveal(), SecretAccessKey: s.SecretAccessKey, Getenv: n.keys, Transport: n.others,
	})
}

// Postgres returns the database of a snapshot.
func (n *Network) Postgres(p *config.Postgres) (*postgres.Server, error) {
	return postgres.New(postgres.Options{
		URL: p.ConnectionURL, Schema: p.Schema, Prefix: p.TablePrefix, Dial: n.plain.DialContext, VerifiedTLS: n.guard.DeniesPrivate(),
	})
}

// Close ends idle connections.
func (n *Network) Close() {
	for _, t := range n.transports {
		t.CloseIdleConnections()
	}
}
