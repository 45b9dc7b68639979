package deadletter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
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

// Write sends lines as one request, or as several if the endpoint does not take so many at once,
// and returns nil once the endpoint has taken each of them. After an error it may have some of
// them.
func (w *Webhook) Write(ctx context.Context, lines []byte) error {
	if err := w.send(ctx, lines); err != nil {
		return fmt.Errorf("sending dead letters: %w", err)
	}
	return nil
}

func (w *Webhook) send(ctx context.Context, lines []byte) error {
	count := bytes.Count(lines, newline)
	if most := w.client.Fitting(w.url, len(lines), count); most < count {
		return w.divide(ctx, lines, most)
	}
	id := payload.Identity{Method: http.MethodPost, URL: w.url}
	r := delivery.Request{Method: id.Method, URL: id.URL, Header: w.header, ID: id.WebhookID(lines), Body: lines, Rows: count}
	response, err := w.client.Deliver(ctx, r)
	if err == nil {
		return w.read(response, count)
	}
	f := (*delivery.Failure)(nil)
	if !errors.As(err, &f) || f.Kind != answer.TooLarge && f.Kind != answer.Severed || count == 1 {
		return err
	}
	if err := w.divide(ctx, lines, count/2); err != nil {
		return err
	}
	w.client.Passed(f, w.url)
	return nil
}

var newline = []byte("\n")

// divide sends so many of the lines and then the others.
func (w *Webhook) divide(ctx context.Context, lines []byte, first int) error {
	end := 0
	for range first {
		end += bytes.IndexByte(lines[end:], '\n') + 1
	}
	if err := w.send(ctx, lines[:end]); err != nil {
		return err
	}
	return w.send(ctx, lines[end:])
}

// noRules reads the dead-letter endpoint's answers: the config's answers are about the other
// endpoint.
var noRules *answer.Rules

// read returns an error if the endpoint's success rejects a dead letter, or could do so where it is
// not read: that one would be stored nowhere.
func (w *Webhook) read(response *delivery.Response, count int) error {
	host := route.Host(w.url)
	if response.Truncated && answer.IsObject(response.Body) {
		return failure.Config(fmt.Errorf("%s answered %d with a JSON object of more than %d MiB, which could reject dead letters and is not read: answer with less",
			host, response.Status, delivery.MaxObject>>20))
	}
	letters := answer.NewRows(count, func(int) []byte { return nil })
	verdicts, err := noRules.ReadVerdicts(response.Status, response.Header.Get("Content-Encoding"), response.Body, letters)
	var unclear *answer.Unclear
	switch {
	case errors.As(err, &unclear):
		return failure.Config(fmt.Errorf("%s answered %d, and which dead letters it rejects cannot be read: %s: %s; name them by index, or leave the member \"rejected\" out if all are taken",
			host, response.Status, unclear.Problem, w.client.Excerpt(unclear.Quote)))
	case err != nil:
		return err
	case len(verdicts) > 0:
		return failure.Config(fmt.Errorf("%s rejected %d of %d dead letters in its answer (%d), which are stored nowhere else: %s",
			host, len(verdicts), count, response.Status, w.client.Excerpt([]byte(verdicts[0].Reason))))
	}
	return nil
}

// Close does nothing: what Write accepted has been sent.
func (w *Webhook) Close() error { return nil }
