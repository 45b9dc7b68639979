package deadletter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
)

func TestProbeLocalLeavesNothingBehind(t *testing.T) {
	home := t.TempDir()
	if err := ProbeLocal(filepath.Join(home, "a", "b"), noon); err != nil {
		t.Error(err)
	}
	if names, _ := os.ReadDir(home); len(names) != 0 {
		t.Errorf("%v is left", names)
	}
	if err := os.Mkdir(filepath.Join(home, "kept"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := ProbeLocal(filepath.Join(home, "kept"), noon); err != nil {
		t.Error(err)
	}
	if names, err := os.ReadDir(filepath.Join(home, "kept")); err != nil || len(names) != 0 {
		t.Errorf("the folder: %v, %v", names, err)
	}
}

func TestProbeLocalRefusesWhatASyncRefuses(t *testing.T) {
	home := t.TempDir()
	target, link, file := filepath.Join(home, "target"), filepath.Join(home, "link"), filepath.Join(home, "file")
	for _, err := range []error{os.Mkdir(target, 0o700), os.Symlink(target, link), os.WriteFile(file, nil, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{link, file, filepath.Join(file, "below")} {
		if err := ProbeLocal(dir, noon); err == nil {
			t.Errorf("%s: no error", dir)
		}
	}
}

func TestProbeS3(t *testing.T) {
	b, err := bucket.New(buckettest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := ProbeS3(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if objects, err := b.List(t.Context(), ""); err != nil || len(objects) != 0 {
		t.Errorf("%v is left, %v", objects, err)
	}
	o := buckettest.Start(t)
	o.Bucket = "no-such-bucket"
	if b, err = bucket.New(o); err != nil {
		t.Fatal(err)
	}
	if err := ProbeS3(t.Context(), b); err == nil || !strings.Contains(err.Error(), "no-such-bucket") {
		t.Errorf("got %v", err)
	}
}
