package deadletter

import (
	"context"
	"fmt"
	"net/http"

	"destination-webhook/destination/delivery"
	"destination-webhook/destination/payload"
)

// Webhook sends dead letters to another endpoint, as NDJSON, with the retries of the first.
type Webhook struct {
	client *delivery.Client
	url    string
	header http.Header
}

// NewWebhook makes a store that posts to a URL. authorization is the Authorization header, none if
// it is empty; agent is the User-Agent.
func NewWebhook(client *delivery.Client, url, authorization, agent string) *Webhook {
	h := http.Header{"Content-Type": {"application/x-ndjson"}, "User-Agent": {agent}}
	if authorization != "" {
		h.Set("Authorization", authorization)
	}
	return &Webhook{client: client, url: url, header: h}
}

// Write sends lines as one request and returns once the endpoint has taken them.
func (w *Webhook) Write(ctx context.Context, lines []byte) error {
	id := payload.Identity{Method: http.MethodPost, URL: w.url}
	r := delivery.Request{Method: id.Method, URL: id.URL, Header: w.header, ID: id.WebhookID(lines), Body: lines}
	if _, err := w.client.Deliver(ctx, r); err != nil {
		return fmt.Errorf("sending dead letters: %w", err)
	}
	return nil
}

// Close does nothing: what Write accepted has been sent.
func (w *Webhook) Close() error { return nil }
