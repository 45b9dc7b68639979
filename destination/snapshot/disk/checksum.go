package disk

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// checksumName is the file that a clean close leaves: a digest over all files of the database. The
// database checks each block of its tables when it reads it. But it takes damage in its log, or in
// its list of tables, for the end of a log that was cut short in a crash, and goes on without what
// comes after it. After a clean close nothing is cut short.
const checksumName = "SEAL" // the name is part of the format

// partialChecksum is a checksum that is being written. A process that dies then leaves it, which is
// no damage.
const partialChecksum = checksumName + ".tmp"

// ours are the files of the database. It ignores others.
var ours = regexp.MustCompile(`^(\d+\.(sst|blob|log)|(MANIFEST|OPTIONS)-\d+|CURRENT|marker\..*)$`)

// WriteChecksum writes the checksum. The database is flushed and closed, and the lock is held.
func (f *Folder) WriteChecksum() error {
	if err := f.removeLogs(); err != nil {
		return err
	}
	sum, err := f.fingerprint()
	if err != nil {
		return err
	}
	return f.writeWhole(sum)
}

// removeLogs removes the database's logs, whose content is in its tables. It keeps old ones, as
// large as they ever were, to write over them.
func (f *Folder) removeLogs() error {
	names, err := f.databaseFiles()
	if err != nil {
		return err
	}
	for _, name := range names {
		if filepath.Ext(name) != ".log" {
			continue
		}
		if err := f.files.Remove(f.Path(name)); err != nil {
			return err
		}
	}
	return nil
}

// verifyChecksum compares the files with the checksum and removes it, so that a crash from here on
// is not taken for damage. A folder without one comes from a crash.
func (f *Folder) verifyChecksum() error {
	if err := f.files.Remove(f.Path(partialChecksum)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	want, err := f.ReadFile(checksumName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	got, err := f.fingerprint()
	if err != nil {
		return err
	}
	if string(want) != got {
		return fmt.Errorf("it is damaged: its files are not those that the last sync left; %s", StartOver)
	}
	if err := f.files.Remove(f.Path(checksumName)); err != nil {
		return err
	}
	return f.sync()
}

// databaseFiles lists the database's files in order.
func (f *Folder) databaseFiles() ([]string, error) {
	names, err := f.files.List(f.dir)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool { return !ours.MatchString(name) }), nil
}

// fingerprint is a digest over the names and sizes of the database's files, and the content of
// those that are no tables.
func (f *Folder) fingerprint() (string, error) {
	names, err := f.databaseFiles()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range names {
		if err := f.fingerprintFile(sum, name); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (f *Folder) fingerprintFile(sum io.Writer, name string) error {
	info, err := f.files.Stat(f.Path(name))
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(sum, "%q %d\n", name, info.Size()); err != nil || filepath.Ext(name) == ".sst" {
		return err
	}
	file, err := f.files.Open(f.Path(name))
	if err != nil {
		return err
	}
	_, err = io.Copy(sum, file)
	return errors.Join(err, file.Close())
}

// writeWhole writes the checksum whole or not at all.
func (f *Folder) writeWhole(text string) error {
	partial := f.Path(partialChecksum)
	file, err := f.files.Create(partial, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, text)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := f.files.Rename(partial, f.Path(checksumName)); err != nil {
		return err
	}
	return f.sync()
}
