package destination

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/config"
	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/delivery"
)

// letters stores dead letters: rows that the endpoint rejected. A row is settled once Write has returned without an error.
type letters interface {
	Write(ctx context.Context, lines []byte) error
	Close() error
}

// openLetters opens the store that the config names; nil where rejected rows end the sync.
func (n *network) openLetters(c *config.Config) (letters, error) {
	if c.OnRejectedRows != config.ToDeadLetter {
		return nil, nil
	}
	d := &c.DeadLetter
	switch d.Type {
	case config.LocalStorage:
		store, err := deadletter.NewLocal(d.Path, time.Now())
		if err != nil {
			return nil, err
		}
		return store, nil
	case config.S3Storage:
		b, err := n.openBucket(&d.S3)
		if err != nil {
			return nil, fmt.Errorf("dead_letter: %w", err)
		}
		return deadletter.NewS3(b, time.Now()), nil
	}
	return &secondEndpoint{client: n.client(c, n.others), url: d.URL, authorization: d.AuthorizationHeader.Reveal(), agent: n.agent}, nil
}

func (n *network) openBucket(b *config.S3) (*bucket.Bucket, error) {
	return bucket.New(bucket.Options{
		Endpoint: b.Endpoint, Region: b.Region, Bucket: b.Bucket, Prefix: b.Prefix,
		AccessKeyID: b.AccessKeyID.Reveal(), SecretAccessKey: b.SecretAccessKey, Getenv: n.keys, Transport: n.others,
	})
}

// secondEndpoint sends dead letters to another endpoint, as NDJSON, with the retries of the first.
type secondEndpoint struct {
	client                    *delivery.Client
	url, authorization, agent string
}

func (e *secondEndpoint) Write(ctx context.Context, lines []byte) error {
	r := request(&route{method: http.MethodPost, url: e.url, header: e.header()}, lines)
	if _, err := e.client.Deliver(ctx, r); err != nil {
		return fmt.Errorf("sending dead letters: %w", err)
	}
	return nil
}

func (e *secondEndpoint) header() http.Header {
	h := http.Header{"Content-Type": {"application/x-ndjson"}, "User-Agent": {e.agent}}
	if e.authorization != "" {
		h.Set("Authorization", e.authorization)
	}
	return h
}

func (e *secondEndpoint) Close() error { return nil }
