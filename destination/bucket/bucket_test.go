package bucket_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
)

func TestObjects(t *testing.T) {
	b := open(t, "team/")
	ctx := t.Context()
	if _, err := b.Fetch(ctx, "a", io.Discard, 1<<10); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("fetching what is not there: %v", err)
	}
	put := func(name, text string) string {
		t.Helper()
		etag, err := b.Put(ctx, name, strings.NewReader(text), int64(len(text)), bucket.Condition{})
		if err != nil {
			t.Fatal(err)
		}
		return etag
	}
	etag := put("a", "one")
	put("b/c", "three")
	if got, again := fetch(t, b, "a"); got != "one" || again != etag {
		t.Errorf("fetched %q with ETag %q, wrote ETag %q", got, again, etag)
	}
	list(t, b, "", bucket.Object{Name: "a", Size: 3}, bucket.Object{Name: "b/c", Size: 5})
	list(t, b, "b/", bucket.Object{Name: "b/c", Size: 5})
	for range 2 {
		if err := b.Remove(ctx, "a"); err != nil {
			t.Errorf("removing: %v", err)
		}
	}
	list(t, b, "", bucket.Object{Name: "b/c", Size: 5})
}

func TestPrefixesAreApart(t *testing.T) {
	o := buckettest.Start(t)
	for _, prefix := range []string{"one/", "two/"} {
		o.Prefix = prefix
		b, err := bucket.New(o)
		if err != nil {
			t.Fatal(err)
		}
		list(t, b, "")
		if _, err := b.Put(t.Context(), "a", strings.NewReader(prefix), 4, bucket.IfAbsent()); err != nil {
			t.Fatal(err)
		}
		if got, _ := fetch(t, b, "a"); got != prefix {
			t.Errorf("below %s there is %q", prefix, got)
		}
	}
}

func TestConditions(t *testing.T) {
	b := open(t, "")
	put := func(text string, when bucket.Condition) (string, error) {
		return b.Put(t.Context(), "manifest", strings.NewReader(text), int64(len(text)), when)
	}
	first, err := put("first", bucket.IfAbsent())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := put("late", bucket.IfAbsent()); !errors.Is(err, bucket.ErrConflict) {
		t.Errorf("a second object of one name: %v", err)
	}
	if _, err := put("second", bucket.IfMatch(first)); err != nil {
		t.Errorf("over the ETag just written: %v", err)
	}
	if _, err := put("stale", bucket.IfMatch(first)); !errors.Is(err, bucket.ErrConflict) {
		t.Errorf("over an ETag of the past: %v", err)
	}
	if got, _ := fetch(t, b, "manifest"); got != "second" {
		t.Errorf("the object holds %q after a refused write", got)
	}
}

// A large object is sent in one request, one that is larger still in parts.
func TestLargeObjects(t *testing.T) {
	b := open(t, "")
	for _, megabytes := range []int{17, 65} {
		text := bytes.Repeat([]byte("0123456789abcdef"), megabytes<<16)
		if _, err := b.Put(t.Context(), "large", bytes.NewReader(text), int64(len(text)), bucket.Condition{}); err != nil {
			t.Fatal(err)
		}
		if got, _ := fetch(t, b, "large"); got != string(text) {
			t.Errorf("fetched %d bytes, want the %d written", len(got), len(text))
		}
	}
}

func TestErrorsTellThePlaceAndNoSecret(t *testing.T) {
	o := buckettest.Start(t)
	o.SecretAccessKey = "not-the-secret-of-this-server"
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Fetch(t.Context(), "a", io.Discard, 1<<10)
	var refused *bucket.Refused
	if !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		t.Fatalf("with a wrong secret: %v", err)
	}
	for _, wants := range []string{"reading a", `"rows"`, "127.0.0.1", "403"} {
		if !strings.Contains(err.Error(), wants) {
			t.Errorf("%q does not tell %s", err, wants)
		}
	}
	if strings.Contains(err.Error(), "not-the-secret") || strings.Contains(err.Error(), o.AccessKeyID) {
		t.Errorf("%q holds a credential", err)
	}
}

func TestCredentialsOfTheEnvironment(t *testing.T) {
	o := buckettest.Start(t)
	environment := map[string]string{"AWS_ACCESS_KEY_ID": o.AccessKeyID, "AWS_SECRET_ACCESS_KEY": o.SecretAccessKey.Reveal()}
	o.AccessKeyID, o.SecretAccessKey = "", ""
	o.Getenv = func(name string) string { return environment[name] }
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	list(t, b, "")
}

func TestNewRefuses(t *testing.T) {
	for _, env := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(env, "not-handed-in") // and so not looked at
	}
	whole := bucket.Options{Transport: answer{}, Endpoint: "http://127.0.0.1:1", Bucket: "rows", AccessKeyID: "id", SecretAccessKey: "secret"}
	for _, test := range []struct {
		name   string
		change func(*bucket.Options)
		wants  string
	}{
		{"no bucket", func(o *bucket.Options) { o.Bucket = "" }, "name is missing"},
		{"no transport", func(o *bucket.Options) { o.Transport = nil }, "needs a transport"},
		{"no secret", func(o *bucket.Options) { o.SecretAccessKey = "" }, "secret_access_key"},
		{"no credentials", func(o *bucket.Options) { o.AccessKeyID, o.SecretAccessKey = "", "" }, "AWS_SECRET_ACCESS_KEY"},
		{"scheme", func(o *bucket.Options) { o.Endpoint = "ftp://hunter2.example" }, "https://"},
		{"not a URL", func(o *bucket.Options) { o.Endpoint = "http://hunter2:x%zz@h" }, "https://"},
		{"path", func(o *bucket.Options) { o.Endpoint = "http://127.0.0.1/hunter2" }, "more than a host"},
		{"credentials in it", func(o *bucket.Options) { o.Endpoint = "http://a:hunter2@127.0.0.1" }, "more than a host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := whole
			test.change(&o)
			_, err := bucket.New(o)
			if err == nil || !strings.Contains(err.Error(), test.wants) {
				t.Fatalf("New = %v, want %q in it", err, test.wants)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q repeats a credential", err)
			}
		})
	}
}

// answer is a transport that sends nothing and answers what it is told.
type answer struct {
	status int
	body   string
	err    error
}

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{
		StatusCode: a.status, Body: io.NopCloser(strings.NewReader(a.body)), Header: http.Header{}, Request: r,
	}, nil
}

func TestAnAnswersTextStaysOut(t *testing.T) {
	for name, transport := range map[string]answer{
		"message":  {status: 403, body: "<Error><Code>AccessDenied</Code><Message>hunter2</Message><Resource>hunter2</Resource></Error>"},
		"code":     {status: 403, body: "<Error><Code>hunter2 and more</Code></Error>"},
		"no XML":   {status: 403, body: "hunter2"},
		"refusal":  {err: os.ErrDeadlineExceeded},
		"half one": {status: 200, body: "hunter2"}, // without a length, ETag or date
	} {
		t.Run(name, func(t *testing.T) {
			b, err := bucket.New(bucket.Options{
				Endpoint: "http://127.0.0.1:1", Region: "us-east-1", Bucket: "rows",
				AccessKeyID: "id", SecretAccessKey: "hunter2", Transport: transport,
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = b.Fetch(t.Context(), "a", io.Discard, 1<<10)
			if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "http://") {
				t.Errorf("Fetch = %v", err)
			}
			if transport.err != nil && !errors.Is(err, transport.err) {
				t.Errorf("%v hides its cause", err)
			}
		})
	}
}

func open(t *testing.T, prefix string) *bucket.Bucket {
	t.Helper()
	o := buckettest.Start(t)
	o.Prefix = prefix
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fetch(t *testing.T, b *bucket.Bucket, name string) (text, etag string) {
	t.Helper()
	var buf bytes.Buffer
	etag, err := b.Fetch(t.Context(), name, &buf, 128<<20)
	if err != nil {
		t.Fatal(err)
	}
	return buf.String(), etag
}

func list(t *testing.T, b *bucket.Bucket, begin string, want ...bucket.Object) {
	t.Helper()
	got, err := b.List(t.Context(), begin)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects below %q (-want +got):\n%s", begin, diff)
	}
}
