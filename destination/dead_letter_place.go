package destination

import (
	"context"
	"errors"
	"fmt"
	"time"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/config"
	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/outbound"
)

// errNoArchive is the failure of a config whose dead letters cannot be read again.
var errNoArchive = failure.Config(errors.New("dead_letter: only dead letters in a folder or a bucket can be read again, and this config has neither: set dead_letter.type to local or s3"))

// deadLetterPlace is a folder, a bucket or an endpoint that dead letters go to.
type deadLetterPlace interface {
	// probe checks that a sync could store there.
	probe(ctx context.Context) error
	// open opens it for a sync. agent is the User-Agent of requests.
	open(agent string) (deadletter.Store, error)
	// archive opens what syncs have stored there.
	archive() (deadletter.Archive, error)
}

// deadLetterPlaceOf returns the place that the config names for dead letters.
func deadLetterPlaceOf(c *config.Config, n *outbound.Network) (deadLetterPlace, error) {
	d := &c.DeadLetter
	switch d.Type {
	case config.LocalStorage:
		return deadLetterFolder(d.Path), nil
	case config.S3Storage:
		b, err := n.Bucket(&d.S3)
		if err != nil {
			return nil, fmt.Errorf("dead_letter: %w", err)
		}
		return deadLetterBucket{b}, nil
	}
	return deadLetterEndpoint{d, n}, nil
}

// deadLetterFolder is the path of a folder.
type deadLetterFolder string

func (f deadLetterFolder) probe(context.Context) error {
	return deadletter.ProbeLocal(string(f), time.Now())
}

func (f deadLetterFolder) open(string) (deadletter.Store, error) {
	store, err := deadletter.NewLocal(string(f), time.Now())
	if err != nil {
		return nil, err
	}
	return store, nil
}

func (f deadLetterFolder) archive() (deadletter.Archive, error) {
	archive, err := deadletter.OpenLocalArchive(string(f))
	if err != nil {
		return nil, err
	}
	return archive, nil
}

type deadLetterBucket struct{ bucket *bucket.Bucket }

func (b deadLetterBucket) probe(ctx context.Context) error { return deadletter.ProbeS3(ctx, b.bucket) }

func (b deadLetterBucket) open(string) (deadletter.Store, error) {
	return deadletter.NewS3(b.bucket, time.Now()), nil
}

func (b deadLetterBucket) archive() (deadletter.Archive, error) {
	return deadletter.NewS3Archive(b.bucket), nil
}

type deadLetterEndpoint struct {
	config  *config.Output
	network *outbound.Network
}

func (e deadLetterEndpoint) probe(ctx context.Context) error {
	return probeOther(ctx, e.network, e.config.URL)
}

func (e deadLetterEndpoint) open(agent string) (deadletter.Store, error) {
	return deadletter.NewWebhook(e.network.PlainClient(), e.config.URL, e.config.AuthorizationHeader.Reveal(), agent), nil
}

func (e deadLetterEndpoint) archive() (deadletter.Archive, error) { return nil, errNoArchive }

// openDeadLetters opens the store that the config names; nil if rejected rows end the sync. agent
// is the User-Agent of its requests.
func openDeadLetters(c *config.Config, n *outbound.Network, agent string) (deadletter.Store, error) {
	if c.OnRejectedRows != config.ToDeadLetter {
		return nil, nil
	}
	place, err := deadLetterPlaceOf(c, n)
	if err != nil {
		return nil, err
	}
	return place.open(agent)
}

// openArchive opens the place in which syncs with this config have stored dead letters.
func openArchive(c *config.Config, n *outbound.Network) (deadletter.Archive, error) {
	place, err := deadLetterPlaceOf(c, n)
	if err != nil {
		return nil, failure.Config(err)
	}
	archive, err := place.archive()
	if err != nil {
		return nil, failure.Config(err)
	}
	return archive, nil
}
