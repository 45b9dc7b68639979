package deadletter

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"destination-webhook/destination/folder"
)

// LocalArchive is the folder that Local writes to.
type LocalArchive struct{ root *os.Root }

// OpenLocalArchive opens the folder dir, which must be as safe as it is to write to.
func OpenLocalArchive(dir string) (*LocalArchive, error) {
	root, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the dead-letter folder %s: %w", dir, err)
	}
	return &LocalArchive{root}, nil
}

// Names implements Archive. The name begins with the time, so their order is that of time.
func (a *LocalArchive) Names(context.Context) ([]string, error) {
	entries, err := fs.ReadDir(a.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("listing the dead-letter folder: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && isDeadLetters(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return slices.Sorted(slices.Values(names)), nil
}

// Read implements Archive.
func (a *LocalArchive) Read(ctx context.Context, name string, f func(line []byte) error) error {
	file, err := a.open(name)
	if err != nil {
		return failed("reading", name, err)
	}
	defer func() { _ = file.Close() }() // it is read from only
	return failed("reading", name, eachLine(file, func(line []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return f(line)
	}))
}

// open opens a file and locks it, as the sync does that writes it.
func (a *LocalArchive) open(name string) (*os.File, error) {
	file, err := a.root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = folder.Owned(info) // others may not choose which rows are sent
	}
	if err == nil {
		err = lock(file)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// lock locks a file until it is closed.
func lock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrInUse
	}
	return err
}

// MoveDone implements Archive. What is moved is on the disk before the file is replaced.
func (a *LocalArchive) MoveDone(_ context.Context, name string, done func(line int) bool) error {
	return failed("moving", name, a.moveDone(name, done))
}

func (a *LocalArchive) moveDone(name string, done func(line int) bool) (err error) {
	from, err := a.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it is read from only
	if err := a.root.MkdirAll(strings.TrimSuffix(doneFolder, "/"), 0o700); err != nil {
		return err
	}
	moved, err := a.create(doneName(name))
	if err != nil {
		return err
	}
	kept, err := a.create(name + "." + rand.Text()[:8])
	if err != nil {
		return errors.Join(err, moved.close())
	}
	left, err := part(from, done, moved, kept)
	if err = errors.Join(err, moved.close(), kept.close()); err != nil {
		return errors.Join(err, a.root.Remove(kept.name)) // what was moved stays: the lines are in both
	}
	if left > 0 {
		return a.root.Rename(kept.name, name)
	}
	return errors.Join(a.root.Remove(name), a.root.Remove(kept.name))
}

// doneName returns the name for lines of a file that move: a different one each time.
func doneName(name string) string {
	return doneFolder + strings.TrimSuffix(name, ".jsonl") + "-" + rand.Text()[:8] + ".jsonl"
}

// copied is a file under way.
type copied struct {
	*bufio.Writer
	file *os.File
	name string
}

func (a *LocalArchive) create(name string) (*copied, error) {
	file, err := a.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	return &copied{bufio.NewWriter(file), file, name}, nil
}

func (c *copied) close() error { return errors.Join(c.Flush(), c.file.Sync(), c.file.Close()) }

// Close implements Archive.
func (a *LocalArchive) Close() error { return a.root.Close() }
