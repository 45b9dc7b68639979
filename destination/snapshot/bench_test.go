package snapshot

import (
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var keyCount = flag.Int("keys", 20_000, "keys of BenchmarkSyncs; 5000000 for the figures of the documentation")

// BenchmarkSyncs runs three syncs of one table whose keys are 20 random bytes: the first, one
// without a change, one with a change in every hundredth row. Run it big, once each, by
//
//	go test ./destination/snapshot -run '^$' -bench Syncs -benchtime 1x -keys 5000000 -timeout 30m
//
// It shows rows per second with one goroutine that compares and one that settles, the size on disk,
// and the most memory that the process ever had.
func BenchmarkSyncs(b *testing.B) {
	dir := b.TempDir()
	for i, sync := range []struct {
		name    string
		changed int // one row in this many has new content
	}{{"first", 0}, {"unchanged", 0}, {"changed1%", 100}} {
		b.Run(sync.name, func(b *testing.B) {
			var took time.Duration
			used := cpuTime(b)
			var sent int
			for b.Loop() {
				if i == 0 { // a repeated first sync has to be a first one again
					b.StopTimer()
					if err := os.RemoveAll(dir); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
				start := time.Now()
				sent = benchmarkSync(b, dir, sync.changed, time.Now().UnixNano())
				took += time.Since(start)
			}
			b.ReportMetric(float64(*keyCount)*float64(b.N)/took.Seconds(), "rows/s")
			b.ReportMetric(float64((cpuTime(b)-used).Nanoseconds())/float64(*keyCount)/float64(b.N), "cpu-ns/row")
			b.ReportMetric(float64(sent), "sent")
			b.ReportMetric(float64(size(b, dir))/float64(*keyCount), "B/key")
			b.ReportMetric(float64(peakMemory(b))/(1<<20), "peak-MiB")
		})
	}
}

// benchmarkSync sends a whole table through the snapshot and returns how many rows it would have
// sent.
func benchmarkSync(b *testing.B, dir string, changed int, version int64) int {
	store, err := Open(b.Context(), dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	sent := syncTable(b, store, func(i int) int64 {
		if changed > 0 && i%changed == 0 {
			return version
		}
		return 0
	})
	if err := store.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	return sent
}

// syncTable is the part of benchmarkSync between opening and closing. content has the version of
// each row.
func syncTable(b *testing.B, store *Store, content func(i int) int64) int {
	stream, err := store.Stream(b.Context(), Identity{Stream: "users", Key: [][]string{{"id"}}}, time.Now().UnixNano())
	if err != nil {
		b.Fatal(err)
	}
	batches := make(chan []Row, 4)
	done := make(chan error)
	go func() { done <- settleAll(b, stream, batches) }()
	sent := 0
	var rows []Row
	row := make([]byte, 0, 200)
	table := rand.NewPCG(1, 2) // the same keys in every sync
	for i := range *keyCount {
		var key [20]byte
		binary.LittleEndian.PutUint64(key[:], table.Uint64())
		binary.LittleEndian.PutUint64(key[8:], table.Uint64())
		row = fmt.Appendf(row[:0], `{"id":"%s","email":"user%d@example.com","score":%d,"active":true}`, hex.EncodeToString(key[:]), i, content(i))
		change, v, err := stream.Diff(key[:], row)
		if err != nil {
			b.Fatal(err)
		}
		if change == Unchanged {
			continue
		}
		sent++
		if rows = append(rows, Row{Key: append([]byte(nil), key[:]...), Version: v, Data: stored(store, row)}); len(rows) == 1000 {
			batches <- rows
			rows = make([]Row, 0, 1000)
		}
	}
	batches <- rows
	close(batches)
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	if left, _, err := stream.CountUnseen(); err != nil || left != 0 {
		b.Fatalf("%d rows left, %v", left, err)
	}
	stream.Finish(true)
	return sent
}

// stored is what a store keeps of a row.
func stored(store *Store, row []byte) []byte {
	if !store.options.KeepRows {
		return nil
	}
	return append([]byte(nil), row...)
}

func settleAll(b *testing.B, stream *Stream, batches <-chan []Row) error {
	for rows := range batches {
		batch, err := stream.Begin(b.Context(), rows)
		if err != nil {
			return err
		}
		if err := batch.Confirm(); err != nil {
			return err
		}
	}
	return nil
}

func size(b *testing.B, dir string) (total int64) {
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return total
}

// cpuTime is what this process has used of the processors, a figure that other processes change
// little.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peakMemory is the most memory this process ever had resident, 0 if the system does not tell.
func peakMemory(b *testing.B) (bytes int64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			if _, err := fmt.Sscanf(rest, "%d kB", &bytes); err != nil {
				b.Fatal(err)
			}
		}
	}
	return bytes << 10
}
