package disk

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options are the choices of whoever works in a folder.
type Options struct {
	// MinFree is the free space, in bytes, without which the folder is not opened.
	MinFree uint64
	// Scratch is set for a folder that Remove removes. No room is reserved in it for what has still
	// to be written, and Open does not check who controls it.
	Scratch bool
	// Fatal is called once, from any goroutine, when the disk fails. It may be nil.
	Fatal func(error)
	// AfterFunc takes the place of time.AfterFunc, for tests.
	AfterFunc func(time.Duration, func()) (stop func() bool)
}

// Folder is a folder that a database lives in. Its methods are safe for concurrent use, except for
// Open, Copy and Unlock.
type Folder struct {
	dir     string
	files   watchedFS
	options Options
	failure failure
	lock    *pebble.Lock // nil if it is not held
}

// New returns a folder of a file system, which need not exist yet.
func New(files vfs.FS, dir string, o Options) *Folder {
	f := &Folder{dir: dir, options: o, failure: failure{done: make(chan struct{})}}
	f.files = watched(files, &f.failure, f.failed)
	f.files.sparse = o.Scratch
	if o.AfterFunc != nil {
		f.files.after = o.AfterFunc
	}
	return f
}

// Dir returns the folder's path.
func (f *Folder) Dir() string { return f.dir }

// Files returns the file system, whose calls end with the first failure of a write.
func (f *Folder) Files() vfs.FS { return f.files }

// Path returns the path of a file in the folder.
func (f *Folder) Path(name string) string { return f.files.PathJoin(f.dir, name) }

// ReadFile returns the content of a file in the folder.
func (f *Folder) ReadFile(name string) ([]byte, error) {
	file, err := f.files.Open(f.Path(name))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(file)
	return text, errors.Join(err, file.Close())
}

// sync makes the names of files that were made, renamed or removed safe.
func (f *Folder) sync() error {
	folder, err := f.files.OpenDir(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// removeTime is how long the removal of an abandoned folder may take.
const removeTime = 10 * time.Second

// Remove removes the folder and all that is in it. An abandoned one is removed as far as the disk
// does it in time.
func (f *Folder) Remove() error {
	if f.failure.get() == nil {
		return os.RemoveAll(f.dir)
	}
	removed := make(chan struct{})
	go func() {
		defer close(removed)
		_ = os.RemoveAll(f.dir)
	}()
	select {
	case <-removed:
	case <-time.After(removeTime):
	}
	return nil
}
