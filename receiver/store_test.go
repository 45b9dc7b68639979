package receiver_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"destination-webhook/receiver"
	"destination-webhook/receiver/store"
)

// stored returns a receiver over a file, and closes the file at its end.
func stored(t *testing.T, path string, limit int64, o receiver.Options) (r *receiver.Receiver, end func()) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	s, records, err := store.Open(file, 10, limit)
	if err != nil {
		t.Fatal(err)
	}
	o.Store, o.Stored, o.KeepRequests = s, records, 10
	return receiver.New(o), func() { _ = s.Close() }
}

// What came is there after a restart, and goes on from there.
func TestStoreOutlivesTheReceiver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	r, end := stored(t, path, 1<<20, receiver.Options{Faults: receiver.Faults{RejectField: "id", RejectValue: "1", RejectRows: true}})
	post(t, r, twoRows, "Webhook-Id", "a", "Airbyte-Stream", "users")
	post(t, r, "nonsense")
	want, totals := r.Requests(), r.Totals()
	for i := range want {
		want[i].URL, _, _ = strings.Cut(want[i].URL, "?")
	}
	end()

	file, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.WriteString(`{"ID":3,"Method":`) // the process died within a line
	_ = file.Close()
	r, end = stored(t, path, 1<<20, receiver.Options{})
	defer end()
	if diff := cmp.Diff(want, r.Requests(), cmpopts.IgnoreUnexported(receiver.Request{}), cmpopts.EquateApproxTime(0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(totals, r.Totals()); diff != "" {
		t.Error(diff)
	}
	post(t, r, twoRows, "Webhook-Id", "a", "Airbyte-Stream", "users")
	if q := r.Requests()[2]; q.ID != 3 || !q.Duplicate || q.Attempt != 2 {
		t.Errorf("the next request is %+v", q)
	}
	r.Reset()
	if text, err := os.ReadFile(path); err != nil || len(text) > 0 {
		t.Errorf("after a reset the file has %d bytes, %v", len(text), err)
	}
}

func TestStoreKeepsNoSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	r, end := stored(t, path, 1<<20, receiver.Options{})
	defer end()
	post(t, r, twoRows, "Authorization", "Bearer hush-hush", "X-Key", "hush-hush", "Cookie", "hush-hush")
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(`"Method":"POST"`)) || bytes.Contains(text, []byte("hush-hush")) || bytes.Contains(text, []byte("key=1")) {
		t.Errorf("the file has %s, %v", text, err)
	}
}

// The file stays within its limit, and the newest requests stay in it.
func TestStoreIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	const limit = 8 << 10
	r, end := stored(t, path, limit, receiver.Options{})
	for i := range 100 {
		post(t, r, twoRows, "Webhook-Id", fmt.Sprint("batch-", i))
		if info, err := os.Stat(path); err != nil || info.Size() > limit {
			t.Fatalf("after %d requests the file has %d bytes, %v", i+1, info.Size(), err)
		}
	}
	end()
	r, end = stored(t, path, limit, receiver.Options{})
	defer end()
	all := r.Requests()
	if last := all[len(all)-1]; last.ID != 100 || last.WebhookID != "batch-99" || len(all) < 3 {
		t.Errorf("%d requests, the last is %d", len(all), last.ID)
	}
}

// A file that is somebody else's is left alone.
func TestStoreRefusesOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	if err := os.WriteFile(path, []byte("my notes\nand more"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() error {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = store.Open(file, 10, 1<<20)
		return err
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "line 1 was not written by a receiver") {
		t.Errorf("error %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "my notes\nand more" {
		t.Errorf("the file has %q, %v", text, err)
	}
	_ = os.WriteFile(path, nil, 0o600)
	_, end := stored(t, path, 1<<20, receiver.Options{})
	defer end()
	if err := open(); err == nil || !strings.Contains(err.Error(), "another receiver uses") {
		t.Errorf("two receivers use one file: %v", err)
	}
}
