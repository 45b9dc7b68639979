package snapshot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
)

func TestRemoteSyncs(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	scratch := t.TempDir()
	for generation, change := range []Change{Added, Unchanged, Unchanged} {
		store := openRemote(t, b, scratch)
		stream := openStream(t, store, "users", int64(generation+1))
		if change == Added {
			deliver(t, stream, "a", `{}`, Added)
		} else {
			diff(t, stream, "a", `{}`, Unchanged)
		}
		left(t, stream)
		if err := store.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		closeStore(t, store)
		if err := store.Close(t.Context()); err != nil {
			t.Errorf("closing twice: %v", err)
		}
		for folder, want := range map[string]int{dataFolder: 0, filesFolder: 0, intentsFolder: 0} {
			if objects, err := b.List(t.Context(), folder); err != nil || len(objects) != want {
				t.Errorf("%d objects in %s, want %d: %v, %v", len(objects), folder, want, objects, err)
			}
		}
	}
	if entries, err := os.ReadDir(scratch); err != nil || len(entries) != 0 {
		t.Errorf("the scratch folder holds %v, %v", entries, err)
	}
}

func TestTwoSyncsAtOnce(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	for _, before := range []string{"the first two of all", "with a snapshot"} {
		one, two := openRemote(t, b, t.TempDir()), openRemote(t, b, t.TempDir())
		openStream(t, two, "two", 1)
		deliver(t, openStream(t, one, "one", 1), before, `{}`, Added)
		closeStore(t, one)
		err := two.Save(t.Context())
		if !errors.Is(err, bucket.ErrConflict) || !strings.Contains(err.Error(), "another sync") {
			t.Errorf("%s: the second save: %v", before, err)
		}
		if err := two.Close(t.Context()); !errors.Is(err, bucket.ErrConflict) {
			t.Errorf("%s: the second close: %v", before, err)
		}
		three := openRemote(t, b, t.TempDir())
		diff(t, openStream(t, three, "one", 2), before, `{}`, Unchanged)
		closeStore(t, three)
	}
}

func TestRemoteDeathBetweenSaves(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	store := openRemote(t, b, t.TempDir())
	stream := openStream(t, store, "users", 1)
	for _, key := range []string{"saved", "changed", "untouched"} {
		deliver(t, stream, key, `{"v":0}`, Added)
	}
	closeStore(t, store)

	store = openRemote(t, b, t.TempDir())
	stream = openStream(t, store, "users", 2)
	deliver(t, stream, "saved", `{"v":1}`, Changed)
	if err := store.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	deliver(t, stream, "changed", `{"v":1}`, Changed)
	deliver(t, stream, "new", `{"v":1}`, Added)
	die(t, store)

	store = openRemote(t, b, t.TempDir())
	stream = openStream(t, store, "users", 2)
	if _, _, err := stream.CountUnseen(); !errors.Is(err, ErrGenerationIncomplete) {
		t.Errorf("what the dead sync saw is not known: %v", err)
	}
	diff(t, stream, "untouched", `{"v":0}`, Unchanged)
	diff(t, stream, "saved", `{"v":1}`, Unchanged)
	deliver(t, stream, "changed", `{"v":0}`, Changed)
	closeStore(t, store)

	store = openRemote(t, b, t.TempDir())
	defer closeStore(t, store)
	stream = openStream(t, store, "users", 3)
	for _, key := range []string{"untouched", "changed"} {
		diff(t, stream, key, `{"v":0}`, Unchanged)
	}
	diff(t, stream, "saved", `{"v":1}`, Unchanged)
	left(t, stream, "new ") // the endpoint may have it, the table has not
}

func TestRemoteDeathOfAFirstAttempt(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	store := openRemote(t, b, t.TempDir())
	deliver(t, openStream(t, store, "users", 1), "a", `{}`, Added)
	closeStore(t, store)
	store = openRemote(t, b, t.TempDir())
	diff(t, openStream(t, store, "users", 2), "a", `{}`, Unchanged)
	die(t, store) // nothing of what it saw is in the bucket, but that it was there

	for range 2 {
		store = openRemote(t, b, t.TempDir())
		if _, _, err := openStream(t, store, "users", 2).CountUnseen(); !errors.Is(err, ErrGenerationIncomplete) {
			t.Errorf("a was seen in this generation, nobody knows: %v", err)
		}
		closeStore(t, store)
	}
	store = openRemote(t, b, t.TempDir())
	defer closeStore(t, store)
	left(t, openStream(t, store, "users", 3), "a ")
}

func TestDamagedObjects(t *testing.T) {
	b := connect(t, buckettest.Start(t))
	store := openRemote(t, b, t.TempDir())
	store.remote.Inline = 0
	deliver(t, openStream(t, store, "users", 1), "a", `{}`, Added)
	closeStore(t, store)
	objects, err := b.List(t.Context(), "")
	if err != nil || len(objects) < 4 { // a list of tables, options, a table, the manifest
		t.Fatalf("%v, %v", objects, err)
	}
	for _, object := range objects {
		var content bytes.Buffer
		if _, err := b.Fetch(t.Context(), object.Name, &content, object.Size); err != nil {
			t.Fatal(err)
		}
		for name, damage := range map[string]func([]byte) []byte{
			"a byte":    func(text []byte) []byte { text[len(text)/3] ^= 1; return text },
			"the end":   func(text []byte) []byte { return text[:len(text)-1] },
			"all of it": func([]byte) []byte { return []byte(`{"version":"other"}`) },
		} {
			put(t, b, object.Name, damage(bytes.Clone(content.Bytes())))
			if _, err := OpenRemote(t.Context(), b, t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "start over") {
				t.Errorf("%s of %s: %v", name, object.Name, err)
			}
		}
		put(t, b, object.Name, content.Bytes())
	}
	if err := b.Remove(t.Context(), objects[0].Name); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRemote(t.Context(), b, t.TempDir(), Options{}); !errors.Is(err, bucket.ErrNotFound) || !strings.Contains(err.Error(), "start over") {
		t.Errorf("without %s: %v", objects[0].Name, err)
	}
}

// TestKillInAnUpload kills a process while its close sends a table, before it sends the manifest,
// and after the service has it.
func TestKillInAnUpload(t *testing.T) {
	o := buckettest.Start(t)
	t.Setenv("AWS_ACCESS_KEY_ID", o.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", o.SecretAccessKey.Reveal())
	t.Setenv(endpointVariable, o.Endpoint)
	for _, test := range []struct {
		stage string
		old   Change // of the version before, to which the table is back
	}{
		{stageUpload, Changed}, {stageManifest, Changed}, {stageSaved, Changed},
	} {
		t.Run(test.stage, func(t *testing.T) {
			t.Setenv(prefixVariable, test.stage+"/")
			o.Prefix = test.stage + "/"
			dir := t.TempDir()
			runChild(t, dir, stageClosed, "0")
			runChild(t, dir, test.stage, "1")

			store := openRemote(t, connect(t, o), t.TempDir())
			defer closeStore(t, store)
			stream := openStream(t, store, "users", 9)
			diff(t, stream, "3", "0", test.old)
			want := Changed // sent again, though the endpoint has it
			if test.stage == stageSaved {
				want = Unchanged
			}
			stream.pending = map[string]*flight{} // asked, not sent
			diff(t, stream, "2", "1", want)
			stream.pending = map[string]*flight{}
		})
	}
}

const (
	endpointVariable = "SNAPSHOT_CRASH_ENDPOINT"
	prefixVariable   = "SNAPSHOT_CRASH_PREFIX"

	stageUpload   = "in the upload"
	stageManifest = "before the manifest"
	stageSaved    = "after the manifest"
)

// openChild opens the store of a process that dies.
func openChild(ctx context.Context, dir, stage string) (*Store, error) {
	endpoint := os.Getenv(endpointVariable)
	if endpoint == "" {
		return openAtHome(ctx, filepath.Join(dir, "snapshot"), Options{})
	}
	b, err := bucket.New(bucket.Options{
		Endpoint: endpoint, Region: "us-east-1", Bucket: "rows", Prefix: os.Getenv(prefixVariable),
		Getenv: os.Getenv, Transport: killer{stage: stage},
	})
	if err != nil {
		return nil, err
	}
	store, err := OpenRemote(ctx, b, dir, Options{})
	if err == nil {
		store.remote.Inline = 0
	}
	return store, err
}

// killer is a transport that kills its process at a stage of a save.
type killer struct{ stage string }

func (k killer) RoundTrip(r *http.Request) (*http.Response, error) {
	isManifest := r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, manifestName)
	if k.stage == stageManifest && isManifest {
		kill()
	}
	if k.stage == stageUpload && r.Method == http.MethodPut && strings.Contains(r.URL.Path, filesFolder) {
		r.Body = &killingBody{ReadCloser: r.Body, left: 100}
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if k.stage == stageSaved && isManifest {
		kill()
	}
	return response, err
}

// killingBody ends the process when some of it was read.
type killingBody struct {
	io.ReadCloser
	left int
}

func (b *killingBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		kill()
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func connect(t *testing.T, o bucket.Options) *bucket.Bucket {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	o.Transport = transport
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func openRemote(t *testing.T, b *bucket.Bucket, scratch string) *Store {
	t.Helper()
	store, err := OpenRemote(t.Context(), b, scratch, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// die drops a store with its scratch folder, as a container that is killed.
func die(t *testing.T, store *Store) {
	t.Helper()
	if err := store.release(); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, b *bucket.Bucket, name string, content []byte) {
	t.Helper()
	if _, err := b.Put(t.Context(), name, bytes.NewReader(content), int64(len(content)), bucket.Condition{}); err != nil {
		t.Fatal(err)
	}
}
