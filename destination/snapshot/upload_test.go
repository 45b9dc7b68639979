package snapshot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/racetest"
	"destination-webhook/destination/snapshot/local"
)

// uploads counts what is written to a bucket, intents apart.
type uploads struct {
	names []string
	bytes int64
}

func (u *uploads) count(r *http.Request) error {
	if r.Method == http.MethodPut && !strings.Contains(r.URL.Path, intentsFolder) {
		u.names = append(u.names, r.URL.Path[strings.Index(r.URL.Path, "/rows/")+len("/rows/"):])
		u.bytes += r.ContentLength
	}
	return nil
}

// refresh is a sync of a table of n rows. version has what each row is.
func refresh(t *testing.T, b *bucket.Bucket, n int, generation int64, version func(i int) int) (size int64) {
	t.Helper()
	return refreshStore(t, openRemote(t, b, t.TempDir()), n, generation, version)
}

// refreshStore is refresh with a store that is open, which it closes.
func refreshStore(t *testing.T, store *Store, n int, generation int64, version func(i int) int) (size int64) {
	t.Helper()
	stream := openStream(t, store, "users", generation)
	var rows []Row
	settle := func() {
		batch, err := stream.Begin(t.Context(), rows)
		if err != nil {
			t.Fatal(err)
		}
		if err := batch.Confirm(); err != nil {
			t.Fatal(err)
		}
		rows = nil
	}
	for i := range n {
		key := fmt.Appendf(nil, "%x", uint32(i)*2654435761) //nolint:gosec // in no order
		change, v, err := stream.Diff(key, fmt.Appendf(nil, `{"v":%d}`, version(i)))
		if err != nil {
			t.Fatal(err)
		}
		if change != Unchanged {
			rows = append(rows, Row{Key: key, Version: v})
		}
		if len(rows) == 100 {
			settle()
		}
	}
	settle()
	stream.Finish(true)
	r := store.remote
	closeStore(t, store)
	return r.Size()
}

// scaled are options of a store whose thresholds are n times smaller. largest is called with the
// bytes that each compaction reads.
func scaled(n int64, read func(bytes uint64)) Options {
	tune := func(o *pebble.Options) {
		o.MemTableSize /= uint64(n) //nolint:gosec // n is positive
		o.LBaseMaxBytes /= n
		for i := range o.TargetFileSizes {
			o.TargetFileSizes[i] /= n
		}
		o.EventListener.CompactionEnd = func(info pebble.CompactionInfo) {
			sum := uint64(0)
			for _, level := range info.Input {
				for _, table := range level.Tables {
					sum += table.Size
				}
			}
			read(sum)
		}
	}
	return Options{tuned: func(o *local.Options) {
		o.MinPart /= uint64(n) //nolint:gosec // n is positive
		o.Tune = tune
	}}
}

// TestUploadsCostTheChange holds what syncs upload against the size of the store.
func TestUploadsCostTheChange(t *testing.T) {
	const n = 100_000
	syncs := 30
	if racetest.Enabled {
		syncs = 3 // the race detector takes minutes for all of them, and finds nothing more
	}
	service, b := inMemory(t)
	var u uploads
	service.Before = u.count
	refresh(t, b, n, 1, func(int) int { return 0 })
	u = uploads{}
	refresh(t, b, n, 2, func(int) int { return 0 })
	if len(u.names) != 1 || u.names[0] != manifestName {
		t.Errorf("an unchanged sync uploaded %q", u.names)
	}
	sum, versions := 0.0, make([]int, n)
	for sync := range syncs {
		for i := sync; i < n; i += 100 {
			versions[i] = sync + 1
		}
		u = uploads{}
		size := refresh(t, b, n, int64(sync+3), func(i int) int { return versions[i] })
		share := float64(u.bytes) / float64(size)
		sum += share
		if sync == 0 && share > 0.05 {
			t.Errorf("the first change of 1 %% uploaded %.1f %% of the store", 100*share)
		}
	}
	if average := sum / float64(syncs); average > 0.15 {
		t.Errorf("changes of 1 %% uploaded %.1f %% of the store on average", 100*average)
	}
}

// The disk holds what a compaction reads until all that replaces it is written, so that none reads
// more than a part of the store. The thresholds are those of a store of 450 MB, made smaller as this
// one is.
func TestCompactionsReadAPart(t *testing.T) {
	const n = 100_000
	_, b := inMemory(t)
	versions := make([]int, n)
	count, syncs := 0, 9
	if racetest.Enabled {
		syncs = 2
	}
	for generation := range syncs {
		var largest atomic.Uint64
		store, err := OpenRemote(t.Context(), b, t.TempDir(), scaled(100, func(bytes uint64) {
			count++
			largest.Store(max(largest.Load(), bytes))
		}))
		if err != nil {
			t.Fatal(err)
		}
		size := float64(refreshStore(t, store, n, int64(generation+1), func(i int) int { return versions[i] }))
		if share := float64(largest.Load()) / size; share > 0.2 || generation > 0 && share > 0.1 {
			t.Errorf("sync %d compacted %.1f %% of the store at once", generation, 100*share)
		}
		for row := generation; row < n; row += 100 {
			versions[row]++
		}
	}
	if count < 20 {
		t.Errorf("there were only %d compactions", count)
	}
}

// Objects that a manifest does not name any more stay for as long as somebody may open an earlier
// one, and are removed then.
func TestDroppedObjectsAreCollected(t *testing.T) {
	service, b := inMemory(t)
	store := openRemote(t, b, t.TempDir())
	defer closeStore(t, store)
	store.remote.Inline = 0
	stream := openStream(t, store, "users", 1)
	save := func(key string) map[string]bool {
		deliver(t, stream, key, `{}`, Added)
		if err := store.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		objects := map[string]bool{}
		for _, f := range manifestIn(t, service.Objects()).Files {
			objects[f.Object] = true
		}
		return objects
	}
	first := save("0")
	for n := 1; n <= keptManifests+1; n++ {
		now := save(fmt.Sprint(n))
		objects := service.Objects()
		for name := range first {
			if _, there := objects[name]; name != "" && there != (now[name] || n < 1+keptManifests) {
				t.Errorf("%d saves later %s is there: %v", n, name, there)
			}
		}
	}
}

// A save leaves no second copy of the store on the disk, and an opening tells how far it is.
func TestFetchingIsTold(t *testing.T) {
	_, b := inMemory(t)
	refresh(t, b, 1000, 1, func(int) int { return 0 })
	var told []int64
	store, err := OpenRemote(t.Context(), b, t.TempDir(), Options{Fetched: func(done, total int64) {
		told = append(told, done, total)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, store)
	if n := len(told); n < 4 || told[n-2] != told[n-1] || told[n-1] != store.remote.Size() {
		t.Errorf("told %v of %d bytes", told, store.remote.Size())
	}
	if err := store.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(store.disk.Dir(), "checkpoint")); len(left) != 0 {
		t.Errorf("a save left %v", left)
	}
}

// The sync's end cuts a save short that is under way. The store goes on, and is saved as a whole
// when it is closed.
func TestSaveThatIsCutShort(t *testing.T) {
	_, b := inMemory(t)
	store := openRemote(t, b, t.TempDir())
	store.remote.Inline = 0
	stream := openStream(t, store, "users", 1)
	deliver(t, stream, "a", `{}`, Added)
	ended, end := context.WithCancel(t.Context())
	end()
	if err := store.Save(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the save: %v", err)
	}
	deliver(t, stream, "b", `{}`, Added)
	closeStore(t, store)
	store = openRemote(t, b, t.TempDir())
	defer closeStore(t, store)
	stream = openStream(t, store, "users", 2)
	diff(t, stream, "a", `{}`, Unchanged)
	diff(t, stream, "b", `{}`, Unchanged)
}

// The scratch folder has no room reserved for logs that are still to be written.
func TestScratchTakesWhatIsInIt(t *testing.T) {
	_, b := inMemory(t)
	store := openRemote(t, b, t.TempDir())
	for i := range 4 { // the database then has its second log
		if err := store.set(appendKey(nil, rowPrefix, 1, []byte{byte(i)}), make([]byte, 100<<10), pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	if size := usage(store.disk.Dir()); size >= 2<<20 {
		t.Errorf("a snapshot of 400 kB takes %d bytes", size)
	}
	closeStore(t, store)
}
