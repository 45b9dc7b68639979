package destination

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/outbound"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/report"
)

// reportPlace is a file, a bucket or an endpoint that reports go to.
type reportPlace interface {
	// probe checks that a report could be left there.
	probe(ctx context.Context) error
	// write leaves the report of a sync that began at a time.
	write(ctx context.Context, text []byte, began time.Time) error
}

// reportPlaceOf returns the place that the config names for reports; nil if there is none. agent is
// the User-Agent of requests.
func reportPlaceOf(c *config.Config, n *outbound.Network, agent string) (reportPlace, error) {
	out := &c.Report
	switch out.Type {
	case config.LocalStorage:
		return reportFile(out.Path), nil
	case config.S3Storage:
		b, err := n.Bucket(&out.S3)
		if err != nil {
			return nil, fmt.Errorf("opening the bucket of the report: %w", err)
		}
		return reportBucket{b}, nil
	case config.WebhookStorage:
		return reportEndpoint{out, n, agent}, nil
	}
	return nil, nil
}

// reportFile is the path of a file.
type reportFile string

func (f reportFile) probe(context.Context) error {
	if _, err := os.Stat(filepath.Dir(string(f))); err != nil {
		return err
	}
	return report.CheckFile(string(f))
}

func (f reportFile) write(_ context.Context, text []byte, _ time.Time) error {
	return report.WriteFile(string(f), text)
}

type reportBucket struct{ bucket *bucket.Bucket }

// probe does nothing: a check would leave an object that nobody asked for.
func (b reportBucket) probe(context.Context) error { return nil }

func (b reportBucket) write(ctx context.Context, text []byte, began time.Time) error {
	name := fmt.Sprintf("report-%s-%s.json", began.UTC().Format("20060102T150405.000Z"), rand.Text()[:8])
	return b.bucket.Create(ctx, name, text)
}

type reportEndpoint struct {
	config  *config.Output
	network *outbound.Network
	agent   string
}

func (e reportEndpoint) probe(ctx context.Context) error {
	return probeOther(ctx, e.network, e.config.URL)
}

func (e reportEndpoint) write(ctx context.Context, text []byte, _ time.Time) error {
	h := http.Header{"Content-Type": {"application/json"}, "User-Agent": {e.agent}}
	if e.config.AuthorizationHeader != "" {
		h.Set("Authorization", e.config.AuthorizationHeader.Reveal())
	}
	id := payload.Identity{Method: http.MethodPost, URL: e.config.URL}
	_, err := e.network.PlainClient().Deliver(ctx, delivery.Request{Method: id.Method, URL: id.URL, Header: h, ID: id.WebhookID(text), Body: text, Rows: 1})
	return err
}
