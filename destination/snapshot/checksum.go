package snapshot

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

// checksumName is the file that a clean Close leaves: a digest over all files of the store. The
// database checks each block of its tables when it reads it. But it takes damage in its log, or in
// its list of tables, for the end of a log that was cut short in a crash, and goes on without what
// comes after it. After a clean Close nothing is cut short.
const checksumName = "SEAL" // the name is part of the format

// partialChecksum is a checksum that is being written. A process that dies then leaves it, which is
// no damage.
const partialChecksum = checksumName + ".tmp"

// ours are the files of the database. It ignores others.
var ours = regexp.MustCompile(`^(\d+\.(sst|blob|log)|(MANIFEST|OPTIONS)-\d+|CURRENT|marker\..*)$`)

// storeChecksum writes the checksum. The database is flushed and closed, and the lock is held.
func (s *Store) storeChecksum() error {
	if err := s.removeLogs(); err != nil {
		return err
	}
	sum, err := s.fingerprint()
	if err != nil {
		return err
	}
	return s.writeChecksum(sum)
}

// removeLogs removes the database's logs, whose content is in its tables. It keeps old ones, as
// large as they ever were, to write over them.
func (s *Store) removeLogs() error {
	names, err := s.databaseFiles()
	if err != nil {
		return err
	}
	for _, name := range names {
		if filepath.Ext(name) != ".log" {
			continue
		}
		if err := s.files.Remove(s.path(name)); err != nil {
			return err
		}
	}
	return nil
}

// verifyChecksum compares the files with the checksum and removes it, so that a crash from here on
// is not taken for damage. A store without one comes from a crash.
func (s *Store) verifyChecksum() error {
	if err := s.files.Remove(s.path(partialChecksum)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	want, err := s.readFile(checksumName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	got, err := s.fingerprint()
	if err != nil {
		return err
	}
	if string(want) != got {
		return fmt.Errorf("it is damaged: its files are not those that the last sync left; %s", startOver)
	}
	if err := s.files.Remove(s.path(checksumName)); err != nil {
		return err
	}
	return s.syncFolder()
}

// databaseFiles lists the database's files in order.
func (s *Store) databaseFiles() ([]string, error) {
	names, err := s.files.List(s.dir)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool { return !ours.MatchString(name) }), nil
}

// fingerprint is a digest over the names and sizes of the database's files, and the content of
// those that are no tables.
func (s *Store) fingerprint() (string, error) {
	names, err := s.databaseFiles()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range names {
		if err := s.fingerprintFile(sum, name); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (s *Store) fingerprintFile(sum io.Writer, name string) error {
	info, err := s.files.Stat(s.path(name))
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(sum, "%q %d\n", name, info.Size()); err != nil || filepath.Ext(name) == ".sst" {
		return err
	}
	file, err := s.files.Open(s.path(name))
	if err != nil {
		return err
	}
	_, err = io.Copy(sum, file)
	return errors.Join(err, file.Close())
}

func (s *Store) path(name string) string { return s.files.PathJoin(s.dir, name) }

func (s *Store) readFile(name string) ([]byte, error) {
	file, err := s.files.Open(s.path(name))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(file)
	return text, errors.Join(err, file.Close())
}

// writeChecksum writes the checksum whole or not at all.
func (s *Store) writeChecksum(text string) error {
	partial := s.path(partialChecksum)
	file, err := s.files.Create(partial, vfs.WriteCategoryUnspecified)
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
	if err := s.files.Rename(partial, s.path(checksumName)); err != nil {
		return err
	}
	return s.syncFolder()
}

func (s *Store) syncFolder() error {
	folder, err := s.files.OpenDir(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
