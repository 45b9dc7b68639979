package deadletter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/printable"
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
	if err := w.send(ctx, lines, false); err != nil {
		return fmt.Errorf("sending dead letters: %w", err)
	}
	return nil
}

// send sends lines; repeated says that the endpoint has asked for them once more.
func (w *Webhook) send(ctx context.Context, lines []byte, repeated bool) error {
	count := bytes.Count(lines, newline)
	if most := w.client.Fitting(w.url, len(lines), count); most < count {
		return w.divide(ctx, lines, most, repeated)
	}
	response, err := w.client.Deliver(ctx, w.request(lines, count, repeated))
	if err == nil {
		return w.delivered(ctx, response, lines, repeated)
	}
	f := (*delivery.Failure)(nil)
	if !errors.As(err, &f) || f.Kind != answer.TooLarge && f.Kind != answer.Severed || count == 1 {
		return err
	}
	if err := w.divide(ctx, lines, count/2, repeated); err != nil {
		return err
	}
	w.client.Passed(f, w.url)
	return nil
}

func (w *Webhook) request(lines []byte, count int, repeated bool) delivery.Request {
	id := payload.Identity{Method: http.MethodPost, URL: w.url}
	r := delivery.Request{Method: id.Method, URL: id.URL, Header: w.header, ID: id.WebhookID(lines), Body: lines, Rows: count}
	if repeated {
		r.ID = id.RepetitionID(lines)
	}
	return r
}

var newline = []byte("\n")

// divide sends the first lines, whose number is given, and then the others.
func (w *Webhook) divide(ctx context.Context, lines []byte, first int, repeated bool) error {
	end := 0
	for range first {
		end += bytes.IndexByte(lines[end:], '\n') + 1
	}
	if err := w.send(ctx, lines[:end], repeated); err != nil {
		return err
	}
	return w.send(ctx, lines[end:], repeated)
}

// delivered sends once more what the endpoint asks for in its success, unless it has done so
// before.
func (w *Webhook) delivered(ctx context.Context, response *delivery.Response, lines []byte, repeated bool) error {
	all := slices.Collect(bytes.Lines(lines))
	verdicts, err := w.read(response, len(all))
	if err != nil || len(verdicts) == 0 {
		return err
	}
	var wanted []byte
	slices.SortStableFunc(verdicts, func(a, b answer.Verdict) int { return a.Place - b.Place })
	for i, v := range verdicts {
		if !v.Retry || repeated {
			return failure.Config(fmt.Errorf("%s rejected %d of %d dead letters in its answer (%d), which are stored nowhere else: %s",
				printable.Host(w.url), len(verdicts), len(all), response.Status, w.client.Excerpt([]byte(v.Reason))))
		}
		if i == 0 || verdicts[i-1].Place != v.Place {
			wanted = append(wanted, all[v.Place]...)
		}
	}
	return w.send(ctx, wanted, true)
}

// noRules reads the dead-letter endpoint's answers: the config's answers are about the other
// endpoint.
var noRules *answer.Rules

// read returns what the endpoint's success says of single dead letters. The error is that of an
// answer that could reject one where it is not read: that one would be stored nowhere.
func (w *Webhook) read(response *delivery.Response, count int) ([]answer.Verdict, error) {
	host := printable.Host(w.url)
	if response.Truncated && answer.IsObject(response.Body) {
		return nil, failure.Config(fmt.Errorf("%s answered %d with a JSON object of more than %d MiB, which could reject dead letters and is not read: answer with less",
			host, response.Status, delivery.MaxObject>>20))
	}
	letters := answer.NewRows(count, func(int) []byte { return nil })
	verdicts, err := noRules.ReadVerdicts(response.Status, response.Header.Get("Content-Encoding"), response.Body, letters)
	var unclear *answer.Unclear
	if errors.As(err, &unclear) {
		return nil, failure.Config(fmt.Errorf("%s answered %d, and which dead letters it rejects cannot be read: %s: %s; name them by index, or leave the member \"rejected\" out if all are taken",
			host, response.Status, unclear.Problem, w.client.Excerpt(unclear.Quote)))
	}
	return verdicts, err
}

// Close does nothing: what Write accepted has been sent.
func (w *Webhook) Close() error { return nil }
