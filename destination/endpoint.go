package destination

import (
	"net/http"
	"strconv"
	"time"

	"destination-webhook/destination/delivery"
)

// newTransport holds the connections of a sync.
func newTransport(c *Config) *http.Transport {
	return delivery.NewTransport(delivery.TransportOptions{
		MaxConns: c.Delivery.MaxConcurrentRequests,
		Proxy:    http.ProxyFromEnvironment,
	})
}

// newClient delivers over the transport as the config says.
func newClient(c *Config, transport http.RoundTripper, redact func(string) string, onAttempt func(delivery.Attempt)) *delivery.Client {
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
		Compression:       d.Compression,
		Sign:              stamp,
		Redact:            redact,
		OnAttempt:         onAttempt,
	})
}

// stamp sets the time of an attempt; see Standard Webhooks 1.0.
func stamp(h http.Header, _ string, at time.Time, _ []byte) {
	h["Webhook-Timestamp"] = []string{strconv.FormatInt(at.Unix(), 10)}
}
