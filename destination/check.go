package destination

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/outbound"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/printable"
	"destination-webhook/destination/route"
)

// checkEndpoint tries the endpoint once and returns the outcome as a sentence. The error is the
// reason why a sync would fail.
func checkEndpoint(ctx context.Context, c *config.Config, n *outbound.Network, agent string) (string, error) {
	client, err := n.CheckClient(c.Check())
	if err != nil {
		return "", err
	}
	request, err := checkRequest(c, agent)
	if err != nil {
		return "", err
	}
	response, err := client.Probe(ctx, request)
	switch {
	case err != nil:
		return reachable(c, err)
	case c.Check() == config.CheckConnect:
		return fmt.Sprintf("connected to %s; nothing was sent", printable.Host(c.URL)), nil
	}
	return fmt.Sprintf("%s answered %d", printable.Host(c.URL), response.Status), nil
}

// checkRequest is the request of a connection check: a batch without rows, or a HEAD. Of the user's
// rules those on statuses count: what an endpoint says of no rows is not what it says of some.
func checkRequest(c *config.Config, agent string) (delivery.Request, error) {
	id := payload.Identity{Method: c.Method, URL: c.CheckURL(), Mode: c.CheckMode()}
	body := payload.EmptyBody(c.Payload, c.CheckMode())
	if c.Check() == config.CheckHead {
		id.Method, body = http.MethodHead, nil
	}
	rules, err := route.Answers(config.Answers{Statuses: c.Answers.Statuses})
	return delivery.Request{
		Method: id.Method, URL: id.URL, Header: checkHeader(c, agent), ID: id.WebhookID(body), Body: body, Answers: rules,
	}, err
}

func checkHeader(c *config.Config, agent string) http.Header {
	h := route.Header(c, c.Headers, agent)
	h.Set("Content-Type", c.Payload.MediaType())
	return h
}

// reachable lets answers pass by which the endpoint shows that it is there and knows us, whatever
// it thinks of a batch without rows.
func reachable(c *config.Config, err error) (string, error) {
	check, f := c.Check(), (*delivery.Failure)(nil)
	if !errors.As(err, &f) || f.Status == 0 {
		return "", err
	}
	passes := f.Status == http.StatusTooManyRequests || f.Kind == answer.Refused || f.Kind == answer.TooLarge ||
		check == config.CheckHead && f.Status == http.StatusUnsupportedMediaType
	switch {
	case !passes && check == config.CheckHead && (f.Status == http.StatusMethodNotAllowed || f.Status == http.StatusNotImplemented):
		return "", fmt.Errorf("%w; the check made a HEAD request: choose another connection_check", err)
	case !passes:
		return "", err
	}
	note := fmt.Sprintf("%s is reachable and did not refuse the credentials; it answered %d to the connection check", f.Host, f.Status)
	if coding := c.Delivery.Compression; f.Status == http.StatusBadRequest && check == config.CheckEmptyBatch && coding != config.Uncompressed {
		note += fmt.Sprintf(", whose body was compressed (%s): if it cannot read that, set delivery.compression to none", coding)
	}
	return note, nil
}

// bucketTime bounds how long a check waits for a bucket or the dead-letter webhook.
const bucketTime = 20 * time.Second

// checkManifest checks that manifests can be brought to their own URL, if they have one. It sends
// nothing there.
func checkManifest(ctx context.Context, c *config.Config, n *outbound.Network) error {
	if c.Manifest.URL == "" {
		return nil
	}
	client, err := n.CheckClient(config.CheckConnect)
	if err == nil {
		_, err = client.Probe(ctx, delivery.Request{Method: http.MethodHead, URL: c.Manifest.CheckURL()})
	}
	if err != nil {
		return fmt.Errorf("manifest.url: %w", err)
	}
	return nil
}

// checkSnapshot checks whether a sync could open the snapshot. It does not open it, as a sync may
// be using it.
func checkSnapshot(ctx context.Context, c *config.Config, n *outbound.Network) error {
	place, err := snapshotPlaceOf(c, n)
	if err == nil && place != nil {
		ctx, cancel := context.WithTimeout(ctx, bucketTime)
		defer cancel()
		err = place.probe(ctx)
	}
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// checkDeadLetters checks that a sync could store rejected rows in the place that the config names.
func checkDeadLetters(ctx context.Context, c *config.Config, n *outbound.Network) error {
	if c.OnRejectedRows != config.ToDeadLetter {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, bucketTime)
	defer cancel()
	place, err := deadLetterPlaceOf(c, n)
	if err != nil {
		return err
	}
	if err := place.probe(ctx); err != nil {
		return fmt.Errorf("dead_letter: %w", err)
	}
	return nil
}

// probeOther checks that requests can be brought to another endpoint than that of the rows. It
// sends nothing there.
func probeOther(ctx context.Context, n *outbound.Network, url string) error {
	_, err := n.PlainCheckClient().Probe(ctx, delivery.Request{Method: http.MethodHead, URL: url})
	return err
}
