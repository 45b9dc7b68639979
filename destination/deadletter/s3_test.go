package deadletter

import (
	"bytes"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
)

var _ Store = (*S3)(nil)

func TestS3WritesAnObjectPerFlush(t *testing.T) {
	o := buckettest.Start(t)
	o.Prefix = "rejected/"
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"{\"a\":1}\n", "{\"a\":2}\n{\"a\":3}\n"}
	for range 2 { // two syncs of one second
		store := NewS3(b, noon)
		for _, lines := range want {
			if err := store.Write(t.Context(), []byte(lines)); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		objects, err := b.List(t.Context(), store.sync)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			if !regexp.MustCompile(`^dead-letters-20261124T113015\.000Z-[A-Z2-7]{8}-00000[12]\.jsonl$`).MatchString(object.Name) {
				t.Errorf("name %q", object.Name)
			}
			var text bytes.Buffer
			if _, err := b.Fetch(t.Context(), object.Name, &text, object.Size); err != nil {
				t.Fatal(err)
			}
			got = append(got, text.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestS3Refused(t *testing.T) {
	b, err := bucket.New(bucket.Options{
		Endpoint: "http://127.0.0.1:1", Region: "us-east-1", Bucket: "rows", AccessKeyID: "id", SecretAccessKey: "secret",
		Transport: answering(http.StatusForbidden),
	})
	if err != nil {
		t.Fatal(err)
	}
	err = NewS3(b, noon).Write(t.Context(), []byte("row\n"))
	var refused *bucket.Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "dead letters") {
		t.Errorf("Write = %v", err)
	}
}

// answering is a transport that answers everything with a status.
type answering int

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: int(a), Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}
