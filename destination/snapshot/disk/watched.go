package disk

import (
	"io"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// stallTime is how long a single call to the disk may take. A disk that takes longer has failed:
// the database has no bounds of its own, and a network file system may never answer.
const stallTime = time.Minute

// watchedFS is a file system that stops at the first failure of a write, or of a call that does not
// return in time: it reports the failure, and that call and every later write never return. The
// database must not learn of a failed write, because it would panic with its locks in any state,
// end the process, or try again forever. Whoever calls the database must not wait for it after a
// report.
type watchedFS struct {
	vfs.FS
	failure *failure
	report  func(error)
	after   func(time.Duration, func()) (stop func() bool)
	// sparse leaves files as large as what is in them. The database would have the disk keep room
	// for a whole log when it begins one.
	sparse bool
}

func watched(files vfs.FS, f *failure, report func(error)) watchedFS {
	return watchedFS{
		FS: files, failure: f, report: report,
		after: func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop },
	}
}

// call begins a call; the function that it returns ends it.
func (w watchedFS) call() (end func() bool) {
	return w.after(stallTime, func() { w.report(errStalled) })
}

// write is call for a write.
func (w watchedFS) write() (end func() bool) {
	if w.failure.get() != nil {
		select {}
	}
	return w.call()
}

// must returns only if a write has succeeded.
func (w watchedFS) must(err error) {
	if err != nil {
		w.report(err)
		select {}
	}
}

func (w watchedFS) written(file vfs.File, err error) (vfs.File, error) {
	w.must(err)
	return watchedFile{file, w}, nil
}

// failedRead is how long a read takes after a failure, so that what the database tries again and
// again costs little.
const failedRead = 50 * time.Millisecond

// readable returns the failure, if there is one.
func (w watchedFS) readable() error {
	err := w.failure.get()
	if err != nil {
		time.Sleep(failedRead)
	}
	return err
}

func (w watchedFS) read(file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return watchedFile{file, w}, nil
}

// Each method is that of vfs.FS.

func (w watchedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	defer w.write()()
	return w.written(w.FS.Create(name, category))
}

func (w watchedFS) Open(name string, options ...vfs.OpenOption) (vfs.File, error) {
	if err := w.readable(); err != nil {
		return nil, err
	}
	defer w.call()()
	return w.read(w.FS.Open(name, options...))
}

func (w watchedFS) OpenReadWrite(name string, category vfs.DiskWriteCategory, options ...vfs.OpenOption) (vfs.File, error) {
	defer w.write()()
	return w.written(w.FS.OpenReadWrite(name, category, options...))
}

func (w watchedFS) OpenDir(name string) (vfs.File, error) {
	defer w.call()()
	return w.read(w.FS.OpenDir(name))
}

func (w watchedFS) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	defer w.write()()
	return w.written(w.FS.ReuseForWrite(from, to, category))
}

func (w watchedFS) Rename(from, to string) error {
	defer w.write()()
	w.must(w.FS.Rename(from, to))
	return nil
}

func (w watchedFS) Link(from, to string) error { defer w.write()(); return w.FS.Link(from, to) }
func (w watchedFS) Remove(name string) error   { defer w.write()(); return w.FS.Remove(name) }

func (w watchedFS) RemoveAll(name string) error { defer w.write()(); return w.FS.RemoveAll(name) }

func (w watchedFS) MkdirAll(dir string, mode os.FileMode) error {
	defer w.write()()
	return w.FS.MkdirAll(dir, mode)
}

func (w watchedFS) Lock(name string) (io.Closer, error) { defer w.call()(); return w.FS.Lock(name) }
func (w watchedFS) List(dir string) ([]string, error)   { defer w.call()(); return w.FS.List(dir) }

func (w watchedFS) Stat(name string) (vfs.FileInfo, error) {
	defer w.call()()
	return w.FS.Stat(name)
}

func (w watchedFS) GetDiskUsage(path string) (vfs.DiskUsage, error) {
	defer w.call()()
	return w.FS.GetDiskUsage(path)
}

// watchedFile is a file of a watchedFS. Each method is that of vfs.File.
type watchedFile struct {
	vfs.File
	fs watchedFS
}

func (f watchedFile) Read(p []byte) (int, error) { defer f.fs.call()(); return f.File.Read(p) }

func (f watchedFile) ReadAt(p []byte, at int64) (int, error) {
	if err := f.fs.readable(); err != nil {
		return 0, err
	}
	defer f.fs.call()()
	return f.File.ReadAt(p, at)
}

func (f watchedFile) Write(p []byte) (int, error) {
	defer f.fs.write()()
	n, err := f.File.Write(p)
	f.fs.must(err)
	return n, nil
}

func (f watchedFile) WriteAt(p []byte, at int64) (int, error) {
	defer f.fs.write()()
	n, err := f.File.WriteAt(p, at)
	f.fs.must(err)
	return n, nil
}

func (f watchedFile) Sync() error {
	defer f.fs.write()()
	f.fs.must(f.File.Sync())
	return nil
}

func (f watchedFile) SyncData() error {
	defer f.fs.write()()
	f.fs.must(f.File.SyncData())
	return nil
}

func (f watchedFile) SyncTo(length int64) (bool, error) {
	defer f.fs.write()()
	full, err := f.File.SyncTo(length)
	f.fs.must(err)
	return full, nil
}

func (f watchedFile) Preallocate(at, length int64) error {
	if f.fs.sparse {
		return nil
	}
	defer f.fs.call()()
	return f.File.Preallocate(at, length) // not every file system can
}

func (f watchedFile) Stat() (vfs.FileInfo, error) { defer f.fs.call()(); return f.File.Stat() }
func (f watchedFile) Close() error                { defer f.fs.call()(); return f.File.Close() }
