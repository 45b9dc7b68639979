package deadletter

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"time"

	"destination-webhook/destination/bucket"
)

// S3 writes dead letters to a bucket, an object for each Write, named dead-letters-<UTC time>-<random>-<number>.jsonl: sorted
// by name they are in the order of their writes. A dead letter is stored once the service has confirmed its object.
type S3 struct {
	bucket *bucket.Bucket
	prefix string
	writes atomic.Int64
}

// NewS3 makes ready to write to b. The time is part of the names.
func NewS3(b *bucket.Bucket, now time.Time) *S3 {
	return &S3{bucket: b, prefix: fmt.Sprintf("dead-letters-%s-%s", now.UTC().Format("20060102T150405Z"), rand.Text()[:8])}
}

// Write implements Store.
func (s *S3) Write(ctx context.Context, lines []byte) error {
	name := fmt.Sprintf("%s-%06d.jsonl", s.prefix, s.writes.Add(1))
	if _, err := s.bucket.Put(ctx, name, bytes.NewReader(lines), int64(len(lines)), bucket.IfAbsent()); err != nil {
		return fmt.Errorf("writing dead letters: %w", err)
	}
	return nil
}

// Close implements Store.
func (s *S3) Close() error { return nil }
