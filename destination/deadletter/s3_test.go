package deadletter

import (
	"bytes"
	"context"
	"testing"
	"time"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
)

func TestS3WritesAnObjectPerWrite(t *testing.T) {
	b, err := bucket.New(buckettest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	s := NewS3(b, time.Unix(1700000000, 0))
	want := []string{"{\"a\":1}\n", "{\"b\":2}\n{\"c\":3}\n"}
	for _, lines := range want {
		if err := s.Write(t.Context(), []byte(lines)); err != nil {
			t.Fatal(err)
		}
	}
	objects, err := b.List(t.Context(), "dead-letters-20231114T221320Z-")
	if err != nil || len(objects) != len(want) {
		t.Fatalf("got %v, %v, want %d objects", objects, err, len(want))
	}
	for i, object := range objects {
		var got bytes.Buffer
		if _, err := b.Fetch(t.Context(), object.Name, &got); err != nil || got.String() != want[i] {
			t.Errorf("%s holds %q, %v, want %q", object.Name, got.String(), err, want[i])
		}
	}
}

func TestS3ThatCannotWriteSaysSo(t *testing.T) {
	o := buckettest.Start(t)
	o.Bucket = "another"
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := NewS3(b, time.Now()).Write(context.Background(), []byte("{}\n")); err == nil {
		t.Error("a write to a bucket that does not exist went well")
	}
}
