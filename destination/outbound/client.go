package outbound

import (
	"net/http"
	"time"

	"destination-webhook/destination/auth"
	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/signature"
)

// EndpointClient returns a client that delivers to the endpoint, with the config's credentials.
func (n *Network) EndpointClient() *delivery.Client { return n.client(n.authorized) }

// PlainClient returns a client for another endpoint, such as the dead-letter webhook. It has none
// of the credentials.
func (n *Network) PlainClient() *delivery.Client { return n.client(n.others) }

// CheckClient returns the client for a check of the connection.
func (n *Network) CheckClient(check config.ConnectionCheck) (*delivery.Client, error) {
	if check != config.CheckConnect {
		return n.EndpointClient(), nil
	}
	connecting, err := auth.NewTransport(connectOnly{n.endpoint}, auth.Options{})
	if err != nil {
		return nil, err
	}
	return n.client(connecting), nil
}

// PlainCheckClient returns a client that connects to another endpoint and sends nothing.
func (n *Network) PlainCheckClient() *delivery.Client {
	return n.client(auth.NewPlainTransport(connectOnly{n.plain}))
}

// Stop keeps every client from making another attempt. Attempts in flight finish.
func (n *Network) Stop() {
	for _, c := range n.clients {
		c.Stop()
	}
}

// client delivers over a transport as the config says.
func (n *Network) client(transport http.RoundTripper) *delivery.Client {
	d := &n.options.Config.Delivery
	c := delivery.New(delivery.Options{
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
		Sign:              n.mark,
		Redact:            n.options.Redactor.String,
		RedactCut:         n.options.Redactor.Cut,
		OnAttempt:         n.options.OnAttempt,
		Phases:            n.Phases,
	})
	n.clients = append(n.clients, c)
	return c
}

// mark puts into the header of an attempt what is its own.
func (n *Network) mark(h http.Header, id string, at time.Time, body []byte) {
	n.Sign(h, id, at, body)
	n.Trace.Mark(h)
}

// Sign puts the headers of Standard Webhooks 1.0 into the header of an attempt.
func (n *Network) Sign(h http.Header, id string, at time.Time, body []byte) {
	values := []string{id, signature.Timestamp(at)}
	h["Webhook-Id"], h["Webhook-Timestamp"] = values[:1:1], values[1:]
	if n.signer != nil {
		h["Webhook-Signature"] = []string{n.signer.Sign(id, at, body)}
	}
}
