package destination

import (
	"context"
	"fmt"
	"os"
	"time"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/config"
	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/outbound"
	"destination-webhook/destination/postgres"
	"destination-webhook/destination/snapshot"
)

// place is a folder, a bucket or a database in which a snapshot is kept.
type place interface {
	probe(ctx context.Context) error
	open(ctx context.Context, o snapshot.Options) (*snapshot.Store, error)
	// copyTo opens a copy below a folder.
	copyTo(ctx context.Context, dir string, o snapshot.Options) (*snapshot.Store, error)
}

// placeOf returns the place that the config names for the snapshot, nil if there is none.
func placeOf(c *config.Config, n *outbound.Network) (place, error) {
	switch c.Snapshot.Type {
	case config.LocalStorage:
		return folder(c.Snapshot.Path), nil
	case config.S3Storage:
		b, err := n.Bucket(&c.Snapshot.S3)
		if err != nil {
			return nil, err
		}
		return remote{b}, nil
	case config.PostgresStorage:
		server, err := n.Postgres(&c.Snapshot.Postgres)
		if err != nil {
			return nil, err
		}
		return database{server}, nil
	}
	return nil, nil
}

// folder is a snapshot in a folder.
type folder string

func (f folder) probe(context.Context) error { return snapshot.Probe(string(f)) }

func (f folder) open(ctx context.Context, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.Open(ctx, string(f), o)
}

func (f folder) copyTo(ctx context.Context, dir string, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.OpenCopy(ctx, string(f), dir, o)
}

// remote is a snapshot in a bucket.
type remote struct{ bucket *bucket.Bucket }

func (r remote) probe(ctx context.Context) error {
	return snapshot.ProbeRemote(ctx, r.bucket, os.TempDir())
}

func (r remote) open(ctx context.Context, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.OpenRemote(ctx, r.bucket, os.TempDir(), o)
}

func (r remote) copyTo(ctx context.Context, dir string, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.OpenRemoteCopy(ctx, r.bucket, dir, o)
}

// database is a snapshot in PostgreSQL.
type database struct{ server *postgres.Server }

func (d database) probe(ctx context.Context) error { return snapshot.ProbePostgres(ctx, d.server) }

func (d database) open(ctx context.Context, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.OpenPostgres(ctx, d.server, o)
}

func (d database) copyTo(ctx context.Context, dir string, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.OpenPostgresCopy(ctx, d.server, dir, o)
}

// openDeadLetters opens the store that the config names; nil if rejected rows end the sync. agent
// is the User-Agent of its requests.
func openDeadLetters(c *config.Config, n *outbound.Network, agent string) (deadletter.Store, error) {
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
		b, err := n.Bucket(&d.S3)
		if err != nil {
			return nil, fmt.Errorf("dead_letter: %w", err)
		}
		return deadletter.NewS3(b, time.Now()), nil
	}
	return deadletter.NewWebhook(n.PlainClient(), d.URL, d.AuthorizationHeader.Reveal(), agent), nil
}
