package deadletter

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"destination-webhook/destination/bucket"
)

// S3Archive is the bucket that S3 writes to. Each object was written as a whole.
type S3Archive struct{ bucket *bucket.Bucket }

// NewS3Archive reads from b.
func NewS3Archive(b *bucket.Bucket) *S3Archive { return &S3Archive{b} }

// maxObject bounds an object, in bytes: it has the rejected rows of one batch.
const maxObject = 1 << 30

// Names implements Archive. The name begins with the time, so their order is that of time.
func (a *S3Archive) Names(ctx context.Context) ([]string, error) {
	objects, err := a.bucket.List(ctx, "dead-letters-")
	if err != nil {
		return nil, fmt.Errorf("listing the dead letters: %w", err)
	}
	var names []string
	for _, object := range objects {
		if isDeadLetters(object.Name) {
			names = append(names, object.Name)
		}
	}
	return slices.Sorted(slices.Values(names)), nil
}

// Read implements Archive.
func (a *S3Archive) Read(ctx context.Context, name string, f func(line []byte) error) error {
	content, _, err := a.fetch(ctx, name)
	if err == nil {
		err = eachLine(&content, f)
	}
	return failed("reading", name, err)
}

func (a *S3Archive) fetch(ctx context.Context, name string) (content bytes.Buffer, etag string, err error) {
	etag, err = a.bucket.Fetch(ctx, name, &content, maxObject)
	return content, etag, err
}

// MoveDone implements Archive. What is moved is in its place before the object is replaced.
func (a *S3Archive) MoveDone(ctx context.Context, name string, done func(line int) bool) error {
	return failed("moving", name, a.moveDone(ctx, name, done))
}

func (a *S3Archive) moveDone(ctx context.Context, name string, done func(line int) bool) error {
	content, etag, err := a.fetch(ctx, name)
	if err != nil {
		return err
	}
	var moved, kept bytes.Buffer
	left, err := part(&content, done, &moved, &kept)
	if err == nil {
		err = a.put(ctx, doneName(name), &moved, bucket.IfAbsent())
	}
	switch {
	case err != nil:
		return err
	case left > 0:
		return a.put(ctx, name, &kept, bucket.IfMatch(etag))
	}
	return a.bucket.Remove(ctx, name)
}

func (a *S3Archive) put(ctx context.Context, name string, content *bytes.Buffer, when bucket.Condition) error {
	_, err := a.bucket.Put(ctx, name, bytes.NewReader(content.Bytes()), int64(content.Len()), when)
	return err
}

// Close implements Archive.
func (a *S3Archive) Close() error { return nil }
