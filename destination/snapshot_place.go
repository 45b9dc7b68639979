package destination

import (
	"context"
	"os"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/config"
	"destination-webhook/destination/outbound"
	"destination-webhook/destination/postgres"
	"destination-webhook/destination/snapshot"
)

// snapshotPlace is a folder, a bucket or a database in which a snapshot is kept.
type snapshotPlace interface {
	probe(ctx context.Context) error
	open(ctx context.Context, o snapshot.Options) (*snapshot.Store, error)
	// copyTo opens a copy below a folder.
	copyTo(ctx context.Context, dir string, o snapshot.Options) (*snapshot.Store, error)
}

// snapshotPlaceOf returns the place that the config names for the snapshot, nil if there is none.
func snapshotPlaceOf(c *config.Config, n *outbound.Network) (snapshotPlace, error) {
	switch c.Snapshot.Type {
	case config.LocalStorage:
		return snapshotFolder(c.Snapshot.Path), nil
	case config.S3Storage:
		b, err := n.Bucket(&c.Snapshot.S3)
		if err != nil {
			return nil, err
		}
		return snapshotBucket{b}, nil
	case config.PostgresStorage:
		server, err := n.Postgres(&c.Snapshot.Postgres)
		if err != nil {
			return nil, err
		}
		return snapshotDatabase{server}, nil
	}
	return nil, nil
}

// snapshotFolder is a snapshot in a folder.
type snapshotFolder string

func (f snapshotFolder) probe(context.Context) error { return snapshot.Probe(string(f)) }

func (f snapshotFolder) open(ctx context.Context, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.Open(ctx, string(f), o)
}

func (f snapshotFolder) copyTo(ctx context.Context, dir string, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.OpenCopy(ctx, string(f), dir, o)
}

// snapshotBucket is a snapshot in a bucket.
type snapshotBucket struct{ bucket *bucket.Bucket }

func (b snapshotBucket) probe(ctx context.Context) error {
	return snapshot.ProbeRemote(ctx, b.bucket, os.TempDir())
}

func (b snapshotBucket) open(ctx context.Context, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.OpenRemote(ctx, b.bucket, os.TempDir(), o)
}

func (b snapshotBucket) copyTo(ctx context.Context, dir string, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.OpenRemoteCopy(ctx, b.bucket, dir, o)
}

// snapshotDatabase is a snapshot in PostgreSQL.
type snapshotDatabase struct{ server *postgres.Server }

func (d snapshotDatabase) probe(ctx context.Context) error {
	return snapshot.ProbePostgres(ctx, d.server)
}

func (d snapshotDatabase) open(ctx context.Context, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.OpenPostgres(ctx, d.server, o)
}

func (d snapshotDatabase) copyTo(ctx context.Context, dir string, o snapshot.Options) (*snapshot.Store, error) {
	return snapshot.OpenPostgresCopy(ctx, d.server, dir, o)
}
