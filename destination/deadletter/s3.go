package deadletter

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"time"

	"destination-webhook/destination/bucket"
)

// S3 writes each call's dead letters to an object of their own, dead-letters-<UTC
// time>-<random>-<number>.jsonl. Their names in order are the order in which they were written.
type S3 struct {
	bucket *bucket.Bucket
	sync   string
	number atomic.Uint64
}

// NewS3 makes ready to write to b. The time is part of every name.
func NewS3(b *bucket.Bucket, now time.Time) *S3 {
	return &S3{bucket: b, sync: fileName(now)}
}

// Write stores lines as one object and returns when the service has it.
func (s *S3) Write(ctx context.Context, lines []byte) error {
	name := fmt.Sprintf("%s-%06d.jsonl", s.sync, s.number.Add(1))
	if err := s.bucket.Create(ctx, name, lines); err != nil {
		return fmt.Errorf("writing dead letters: %w", err)
	}
	return nil
}

// Close does nothing: what Write accepted is stored.
func (s *S3) Close() error { return nil }

// fileName is the part of a name that tells syncs apart. Names sort in the order in which the syncs
// began: of two dead letters with one key, the newer one is sent again.
func fileName(now time.Time) string {
	return fmt.Sprintf("dead-letters-%s-%s", now.UTC().Format("20060102T150405.000Z"), rand.Text()[:8])
}
