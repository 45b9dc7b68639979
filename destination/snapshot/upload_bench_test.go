package snapshot

import (
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
)

var (
	syncCount = flag.Int("syncs", 3, "syncs of BenchmarkUploads after the first two; 30 for the figures of the documentation")
	keepRows  = flag.Bool("keep-rows", false, "whether the store of BenchmarkUploads keeps rows")
)

// BenchmarkUploads shows what the syncs of one table upload to a bucket, in per cent of the store:
// the first, one without a change, and those with a change in one of a hundred rows, picked at
// random. They save every minute, as a sync does. Run it big, once each, by
//
//	go test ./destination/snapshot -run '^$' -bench Uploads -benchtime 1x -keys 10000000 -syncs 30 -timeout 5h
func BenchmarkUploads(b *testing.B) {
	var uploaded, puts atomic.Int64
	memory := &buckettest.Memory{Before: func(r *http.Request) error {
		if r.Method == http.MethodPut && !strings.Contains(r.URL.Path, intentsFolder) {
			uploaded.Add(r.ContentLength)
			puts.Add(1)
		}
		return nil
	}}
	home, err := bucket.New(memory.Options())
	if err != nil {
		b.Fatal(err)
	}
	versions := make([]uint8, *keyCount)
	random := rand.New(rand.NewPCG(3, 4))
	sum, scratch := 0.0, b.TempDir()
	for n := range *syncCount + 2 {
		b.Run(fmt.Sprintf("sync%02d", n), func(b *testing.B) {
			for i := range versions {
				if n >= 2 && random.IntN(100) == 0 {
					versions[i] = uint8(n) //nolint:gosec // a small number
				}
			}
			uploaded.Store(0)
			puts.Store(0)
			size, disk := uploadSync(b, home, scratch, versions)
			share := 100 * float64(uploaded.Load()) / float64(size)
			if n >= 2 {
				sum += share
				b.ReportMetric(sum/float64(n-1), "avg-%")
			}
			b.ReportMetric(share, "uploaded-%")
			b.ReportMetric(float64(uploaded.Load())/(1<<20), "uploaded-MB")
			b.ReportMetric(float64(puts.Load()), "puts")
			b.ReportMetric(float64(size)/(1<<20), "store-MB")
			b.ReportMetric(float64(disk)/(1<<20), "disk-MB")
		})
	}
}

// uploadSync is one sync. It returns the size of the snapshot that it leaves, and the most that the
// scratch folder took.
func uploadSync(b *testing.B, home *bucket.Bucket, scratch string, versions []uint8) (size, disk int64) {
	store, err := OpenRemote(b.Context(), home, scratch, Options{KeepRows: *keepRows})
	if err != nil {
		b.Fatal(err)
	}
	stop := everyBeat(func(beat int) {
		disk = max(disk, usage(store.disk.Dir()))
		if beat%600 == 0 {
			if err := store.Save(b.Context()); err != nil {
				b.Error(err)
			}
		}
	})
	syncTable(b, store, func(i int) int64 { return int64(versions[i]) })
	stop()
	stop = everyBeat(func(int) { disk = max(disk, usage(store.disk.Dir())) })
	r := store.remote
	err = store.Close(b.Context())
	stop()
	if err != nil {
		b.Fatal(err)
	}
	return r.Size(), disk
}

// everyBeat calls f ten times a second, until the function that it returns is called.
func everyBeat(f func(beat int)) (stop func()) {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for beat := 1; ; beat++ {
			select {
			case <-end:
				return
			case <-time.After(100 * time.Millisecond):
				f(beat)
			}
		}
	}()
	return func() { close(end); <-done }
}

// usage is what the files of a folder take on the disk, each once, however many names it has.
func usage(dir string) (total int64) {
	counted := map[uint64]bool{}
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // it has just been removed
		}
		info, err := entry.Info()
		if err != nil {
			return nil //nolint:nilerr // it has just been removed
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && !counted[stat.Ino] {
			counted[stat.Ino] = true
			total += stat.Blocks * 512
		}
		return nil
	})
	return total
}
