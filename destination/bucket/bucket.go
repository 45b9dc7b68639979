package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"destination-webhook/destination/awsenv"
	"destination-webhook/destination/redact"
)

// Options says where objects live and who we are.
type Options struct {
	Endpoint string // URL, or a host reached over https; empty is Amazon S3
	Region   string
	Bucket   string
	Prefix   string // in front of every name, "" or "folder/"
	// Without keys they are those of the environment, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
	// AWS_SESSION_TOKEN, through Getenv. Leave that nil if the user is not the operator: the
	// keys are the operator's.
	AccessKeyID     string
	SecretAccessKey redact.Secret
	Getenv          func(string) string
	Transport       http.RoundTripper
}

// Bucket reads and writes the objects below a prefix. It is safe for concurrent use.
type Bucket struct {
	client *minio.Core
	bucket string
	prefix string
	host   string
}

// Object is one entry of a listing.
type Object struct {
	Name string
	Size int64
}

// tries bounds how often the client library repeats a request that failed temporarily: with its
// waits of up to a second it gives up after some seconds, and the caller's own policy begins.
const tries = 5

// maxWhole is the size, in bytes, up to which an object is sent in one request. The parts of one
// that a crash interrupts stay in the bucket, where no listing shows them.
const maxWhole = 64 << 20

// New checks the options and builds a client. It sends nothing.
func New(o Options) (*Bucket, error) {
	endpoint, err := parseEndpoint(o.Endpoint)
	if err != nil {
		return nil, err
	}
	if o.Bucket == "" {
		return nil, fmt.Errorf("opening a bucket at %s: its name is missing", endpoint.Host)
	}
	creds, err := o.credentials()
	if err != nil {
		return nil, fmt.Errorf("opening bucket %q at %s: %w", o.Bucket, endpoint.Host, err)
	}
	if o.Transport == nil {
		return nil, fmt.Errorf("opening bucket %q at %s: it needs a transport", o.Bucket, endpoint.Host)
	}
	client, err := minio.NewCore(endpoint.Host, &minio.Options{
		Creds:      creds,
		Secure:     endpoint.Scheme == "https",
		Transport:  watching{o.Transport},
		Region:     o.Region,
		MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("opening bucket %q at %s: %w", o.Bucket, endpoint.Host, plain(err))
	}
	return &Bucket{client: client, bucket: o.Bucket, prefix: o.Prefix, host: endpoint.Host}, nil
}

// parseEndpoint never repeats what it refuses: it may hold a credential.
func parseEndpoint(text string) (*url.URL, error) {
	if text == "" {
		text = "s3.amazonaws.com"
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("the endpoint of a bucket is a host or an http(s) URL, as https://s3.example.com")
	}
	if u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("the endpoint of a bucket at %s has more than a host: put bucket and credentials in their own fields", u.Host)
	}
	return u, nil
}

func (o Options) credentials() (*credentials.Credentials, error) {
	id, secret, token := o.AccessKeyID, o.SecretAccessKey.Reveal(), ""
	if id == "" && secret == "" {
		keys := awsenv.Read(o.Getenv)
		id, secret, token = keys.ID, keys.Secret.Reveal(), keys.Token.Reveal()
	}
	if id == "" || secret == "" {
		return nil, fmt.Errorf("credentials are missing: set access_key_id and secret_access_key, or, where this deployment allows it, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
	}
	return credentials.NewStaticV4(id, secret, token), nil
}

// String names the place for messages, without the path of any object.
func (b *Bucket) String() string { return fmt.Sprintf("bucket %q at %s", b.bucket, b.host) }

// Fetch copies an object of at most limit bytes to w and returns its ETag, or an error that is
// ErrNotFound if there is none and errTooLarge if it is longer.
func (b *Bucket) Fetch(ctx context.Context, name string, w io.Writer, limit int64) (etag string, err error) {
	ctx, cancel := bounded(ctx, limit)
	defer cancel()
	body, info, _, err := b.client.GetObject(ctx, b.bucket, b.key(name), minio.GetObjectOptions{})
	if err != nil {
		return "", b.fail(ctx, "reading", name, err)
	}
	defer func() { _ = body.Close() }() // what matters of a body was read
	n, err := io.Copy(w, io.LimitReader(body, limit+1))
	if err == nil && n > limit {
		err = errTooLarge
	}
	if err == nil && n != info.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", b.fail(ctx, "reading", name, err)
	}
	return info.ETag, nil
}

// Put writes an object of size bytes if the condition holds and returns its ETag; otherwise the
// error is ErrConflict and nothing was written. A body that can seek is sent again after a failure
// in passing, and then a conflict may be with the first sending: who depends on it compares the
// object's content.
func (b *Bucket) Put(ctx context.Context, name string, body io.Reader, size int64, when Condition) (etag string, err error) {
	ctx, cancel := bounded(ctx, size)
	defer cancel()
	options := when.options()
	options.DisableMultipart = size <= maxWhole
	info, err := b.client.Client.PutObject(ctx, b.bucket, b.key(name), body, size, options)
	if err != nil {
		return "", b.fail(ctx, "writing", name, err)
	}
	return info.ETag, nil
}

// Create writes an object whose name is random, and so nobody else's. A conflict is with a sending
// of ours whose answer was lost, and no error.
func (b *Bucket) Create(ctx context.Context, name string, content []byte) error {
	_, err := b.Put(ctx, name, bytes.NewReader(content), int64(len(content)), IfAbsent())
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}

// List returns the objects whose names begin with the given text, in order of their names.
func (b *Bucket) List(ctx context.Context, begin string) ([]Object, error) {
	ctx, cancel := bounded(ctx, 0)
	defer cancel()
	var objects []Object
	for info := range b.client.Client.ListObjectsIter(ctx, b.bucket, minio.ListObjectsOptions{Prefix: b.key(begin), Recursive: true}) {
		if info.Err != nil {
			return nil, b.fail(ctx, "listing", path.Dir(begin+"x"), info.Err)
		}
		if len(objects) == maxObjects || len(info.Key) > maxKey {
			return nil, b.fail(ctx, "listing", path.Dir(begin+"x"), errTooLarge)
		}
		objects = append(objects, Object{Name: strings.TrimPrefix(info.Key, b.prefix), Size: info.Size})
	}
	return objects, nil
}

// Remove deletes an object; that it is gone already is no error.
func (b *Bucket) Remove(ctx context.Context, name string) error {
	ctx, cancel := bounded(ctx, 0)
	defer cancel()
	err := b.client.Client.RemoveObject(ctx, b.bucket, b.key(name), minio.RemoveObjectOptions{})
	if err != nil {
		return b.fail(ctx, "removing", name, err)
	}
	return nil
}

func (b *Bucket) key(name string) string { return b.prefix + name }
