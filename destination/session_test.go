package destination

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// inBucket is the config of a snapshot in a bucket.
func inBucket(o bucket.Options) string {
	return fmt.Sprintf(`{"type":"s3","endpoint":%q,"region":%q,"bucket":%q,"prefix":"snap/","access_key_id":%q,"secret_access_key":%q}`,
		o.Endpoint, o.Region, o.Bucket, o.AccessKeyID, o.SecretAccessKey.Reveal())
}

func TestSyncsWithABucket(t *testing.T) {
	r, o := newRig(t), buckettest.Start(t)
	t.Setenv("TMPDIR", t.TempDir())
	r.snapshot = inBucket(o)
	r.want("", firstTable, envelope("mirror", adaAdded, benAdded, chloéAdded))
	for range 2 { // a preview changes nothing
		p, config, catalog, out := r.program("", secondTable...)
		if err := p.Preview(t.Context(), config, catalog, false); err != nil {
			t.Fatal(err)
		}
		if want := "1 added, 1 changed, 1 removed"; !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	r.want("", secondTable, envelope("mirror", adaChanged, dmitriAdded), envelope("mirror", chloéRemoved))
	r.want("", secondTable)
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("the scratch folder holds %v, %v", left, err)
	}

	o.Prefix = "snap/"
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := b.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, object := range objects {
		names = append(names, strings.SplitAfter(object.Name, "/")[0])
	}
	if diff := cmp.Diff([]string{"snapshot.json"}, names); diff != "" {
		t.Error(diff)
	}
	o.SecretAccessKey = "wrong"
	r.snapshot = inBucket(o)
	if _, err := r.sync("", firstTable...); failureType(err) != protocol.ConfigError {
		t.Errorf("with a wrong secret: %s, %v", failureType(err), err)
	}
}

// A snapshot that will be there again is worth another try of the platform's; one that is damaged
// is not.
func TestSnapshotThatCannotBeOpened(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := bucket.Options{Endpoint: "http://" + listener.Addr().String(), Region: "us-east-1", Bucket: "rows", AccessKeyID: "id", SecretAccessKey: "secret"}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	folder, local := filepath.Join(r.dir, "snapshot"), r.snapshot
	wants := func(name string, want protocol.FailureType) {
		t.Helper()
		if _, err := r.sync("", firstTable...); err == nil || failureType(err) != want {
			t.Errorf("%s: it is a %s, want %s: %v", name, failureType(err), want, err)
		}
	}
	r.snapshot = inBucket(away)
	wants("a bucket that is away", protocol.TransientError)
	r.snapshot = local
	store, err := snapshot.Open(t.Context(), folder, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wants("a folder in use", protocol.TransientError)
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "SEAL"), []byte("not this"), 0o600); err != nil {
		t.Fatal(err)
	}
	wants("a damaged folder", protocol.ConfigError)
}

// A signal while the snapshot is opened ends the sync as any other time: it is no failure.
func TestSignalWhileASnapshotIsOpened(t *testing.T) {
	o := buckettest.Start(t)
	for _, place := range []string{"", inBucket(o)} {
		r := newRig(t)
		if place != "" {
			r.snapshot = place
		}
		ctx, stop := context.WithCancelCause(t.Context())
		told := errors.New("told to stop")
		stop(told)
		p, config, catalog, out := r.program("", firstTable...)
		if err := p.Write(ctx, config, catalog); !errors.Is(err, told) || strings.Contains(out.String(), "TRACE") {
			t.Errorf("%q: error %v, want the signal and no TRACE: %s", place, err, out)
		}
	}
}
