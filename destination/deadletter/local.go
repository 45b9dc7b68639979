package deadletter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// Local writes dead letters to one file of a folder, named dead-letters-<UTC time>-<random>.jsonl.
// The file appears with the first dead letter.
type Local struct {
	dir  string
	root *os.Root
	name string

	mu   sync.Mutex
	file file // nil until the first write
	size int64
}

// file is what Local needs of *os.File; a test puts a full disk in its place.
type file interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// NewLocal makes ready to write below dir, which it makes if it is missing. The time is part of the
// name.
func NewLocal(dir string, now time.Time) (*Local, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the dead-letter folder: %w", err)
	}
	root, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the dead-letter folder %s: %w", dir, err)
	}
	return &Local{dir: dir, root: root, name: fileName(now) + ".jsonl"}, nil
}

// Write appends lines and waits until the disk has them. After a failure it cuts the file back, so
// that it never ends in half a line.
func (l *Local) Write(ctx context.Context, lines []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("writing dead letters to %s: %w", l.dir, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.append(lines); err != nil {
		return fmt.Errorf("writing dead letters to %s, make room or name another folder: %w", l.dir, err)
	}
	return nil
}

func (l *Local) append(lines []byte) error {
	if l.file == nil {
		if err := l.create(); err != nil {
			return err
		}
	}
	_, err := l.file.Write(lines) // *os.File reports a short write as an error
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.file.Truncate(l.size))
	}
	l.size += int64(len(lines))
	return nil
}

// create makes the file new, for its owner alone, and syncs the folder: the name has to survive as
// well.
func (l *Local) create() error {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL | os.O_APPEND | syscall.O_NOFOLLOW
	f, err := l.root.OpenFile(l.name, flags, 0o600)
	if err != nil {
		return err
	}
	// Until it is closed nobody moves it away.
	if err := errors.Join(lock(f), l.syncFolder()); err != nil {
		return errors.Join(err, f.Close())
	}
	l.file = f
	return nil
}

func (l *Local) syncFolder() error {
	folder, err := l.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Close closes the file. What Write accepted is on the disk already.
func (l *Local) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.root.Close()
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	return err
}
