package snapshot

import (
	"context"

	"destination-webhook/destination/bucket"
)

// OpenRemoteCopy opens a copy of the snapshot that a bucket holds, in a folder below scratch that the caller removes. The
// bucket is only read.
func OpenRemoteCopy(ctx context.Context, b *bucket.Bucket, scratch string, o Options) (*Store, error) {
	s, err := OpenRemote(ctx, b, scratch, o)
	if err != nil {
		return nil, err
	}
	s.remote = nil
	return s, nil
}
