package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Probe tells why a sync could not work in the folder, as far as that shows without opening what is
// there: another sync may be using it. It leaves the folder as it was.
func (f *Folder) Probe() error {
	if err := f.check(); err != nil {
		return err
	}
	if err := f.CheckSpace(0); err != nil {
		return err
	}
	if _, err := os.Stat(f.dir); errors.Is(err, fs.ErrNotExist) {
		return probeMissing(f.dir)
	}
	fresh, err := f.recognize()
	if err != nil {
		return err
	}
	if fresh {
		return probeEmpty(f.dir)
	}
	lock, err := os.OpenFile(f.Path("LOCK"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return lock.Close()
}

// probeMissing makes a folder, as a sync would, and takes it and those around it away again.
func probeMissing(dir string) error {
	var missing []string // the innermost first
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, at)
	}
	err := os.MkdirAll(dir, 0o700)
	for _, made := range missing {
		_ = os.Remove(made) // not if it was not made, or somebody has put something in
	}
	return err
}

// probeEmpty writes a file that a sync which begins meanwhile takes for one of its own, see
// beginnings.
func probeEmpty(dir string) error {
	file, err := os.CreateTemp(dir, "probe-*.dbtmp")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}
