package local

import (
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A database in a bucket pays for each byte that a compaction rewrites. With random keys every
// compaction into the last level rewrites all of it that it touches. So there are three levels:
//
//	level 0     what was flushed, up to maxSublevels files for a key
//	the next    up to a part of the last one
//	the last    everything else
//
// A changed row is written when it is flushed, some times while it waits in the next level, and
// once into the last, together with as many rows around it as the sizes say.
//
// All tables end where the store's parts do, so that a compaction reads one part.

const (
	// maxSublevels is how many flushes are kept before they are compacted. A read looks at all of
	// them, which costs it a bloom filter each.
	maxSublevels = 8
	// nextPart is how many times smaller than the store the level before the last is.
	nextPart = 6
	// minNext is that level's size in a small store, in bytes.
	minNext = 1 << 20
	// maxTable is about the size of a large table, in bytes. Where keys are not random, the smaller
	// the tables are the fewer rows are rewritten.
	maxTable = 8 << 20
	// firstTable is about the size of a table, in bytes, that a new store flushes: each of the first
	// begins a part.
	firstTable = 256 << 10
	// memPart is how many times smaller than the store is what is in memory before it becomes a
	// table, and so is a log. There may be three logs: two that are written, and one whose rows are
	// flushed.
	memPart = 32
	// minMem is the least of that, in bytes; memTableSize is the most.
	minMem = 8 << 20
)

// tuneForUploads makes the database rewrite less than it would by default. size is how large it is.
func (db *DB) tuneForUploads(o *pebble.Options, size int64) {
	o.L0CompactionThreshold = 2 * maxSublevels // compactions begin at half of it
	o.L0StopWritesThreshold = 4 * maxSublevels
	o.MemTableSize = min(max(uint64(size)/memPart, minMem), memTableSize) //nolint:gosec // a size is positive
	if size > 0 {
		o.LBaseMaxBytes = max(size/nextPart, minNext)
	}
	o.Experimental.ReadSamplingMultiplier = -1 // no compaction for the sake of reads
	o.Cleaner = remover{}
	o.Experimental.SpanPolicyFunc = db.parts.policy
	for i := range o.TargetFileSizes {
		o.TargetFileSizes[i] = maxTable
	}
	o.TargetFileSizes[0], o.TargetFileSizes[1] = maxTable/4, maxTable/8
	if size == 0 {
		o.TargetFileSizes[0] = firstTable
	}
	o.FS = frugal{o.FS}
	o.L0CompactionFileThreshold = 1 << 20 // only the levels count
}

// frugal tells the database that the disk has little room left, so that no compaction takes more
// along than it must: by default it reads as many tables as cost no more of the next level, up to
// the size of 25.
type frugal struct{ vfs.FS }

func (f frugal) GetDiskUsage(path string) (vfs.DiskUsage, error) {
	usage, err := f.FS.GetDiskUsage(path)
	usage.AvailBytes = min(usage.AvailBytes, 2*maxTable)
	return usage, err
}

// remover removes files that are of no use any more. The database writes over old logs, and keeps
// three for it, unless its cleaner needs their content: so this one has the mark of such a cleaner,
// from within.
type remover struct {
	pebble.DeleteCleaner
	needsContent
}

type needsContent struct{ pebble.ArchiveCleaner }

// logPart is how many times smaller than the store the log may be when it is saved: it is uploaded
// whole each time, until it is flushed to a table.
const logPart = 128

// minLog is the size, in bytes, up to which the log of a small store is never flushed by a save.
const minLog = 1 << 20

// shortenLog flushes a log that has become long.
func (db *DB) shortenLog() error {
	metrics := db.Metrics()
	if metrics.WAL.Size <= max(metrics.DiskSpaceUsage()/logPart, minLog) {
		return nil
	}
	return db.Flush()
}
