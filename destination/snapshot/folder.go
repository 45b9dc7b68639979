package snapshot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"destination-webhook/destination/folder"
)

// checkFolder refuses a folder that another user of the machine controls: whoever plants a snapshot
// decides which rows are not sent, and whoever plants a link for LOCK has its target overwritten.
func (s *Store) checkFolder() error {
	if s.files.FS != vfs.Default || s.remote != nil {
		return nil // it is no folder of the user's
	}
	if err := folder.Check(s.dir); err != nil {
		return fmt.Errorf("the folder is not safe: %w", err)
	}
	if info, err := os.Lstat(filepath.Join(s.dir, "LOCK")); err == nil && !info.Mode().IsRegular() {
		return errors.New("the folder is not safe: LOCK in it is no file")
	}
	return nil
}
