package deadletter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"destination-webhook/destination/bucket"
)

// ProbeLocal returns why a sync could not write dead letters below dir. It makes what a sync would
// make, and removes it.
func ProbeLocal(dir string, now time.Time) error {
	for _, missing := range missingFolders(dir) {
		defer func() { _ = os.Remove(missing) }() // fails if somebody has put something in
	}
	l, err := NewLocal(dir, now)
	if err != nil {
		return err
	}
	if err = l.create(); err != nil {
		err = fmt.Errorf("writing dead letters to %s, make room or name another folder: %w", dir, err)
	} else {
		err = l.root.Remove(l.name)
	}
	return errors.Join(err, l.Close())
}

// missingFolders returns dir and its parents as far as they do not exist, the outermost first.
func missingFolders(dir string) (missing []string) {
	dir, err := filepath.Abs(dir)
	for err == nil {
		if _, gone := os.Lstat(dir); !errors.Is(gone, fs.ErrNotExist) {
			break
		}
		missing = append([]string{dir}, missing...)
		dir = filepath.Dir(dir)
	}
	return missing
}

// probeName is the name of the object by which a check tries to write. It contains no dead letters.
const probeName = "dead-letters-check.jsonl"

// ProbeS3 returns why a sync could not write dead letters to b. It writes an empty object and
// removes it again; if it may not remove it, the object stays.
func ProbeS3(ctx context.Context, b *bucket.Bucket) error {
	if _, err := b.Put(ctx, probeName, bytes.NewReader(nil), 0, bucket.Condition{}); err != nil {
		return fmt.Errorf("writing dead letters: %w", err)
	}
	_ = b.Remove(ctx, probeName) // dead letters are never removed, so the right to do so is not needed
	return nil
}
