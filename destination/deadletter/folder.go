package deadletter

import (
	"errors"
	"os"
	"path/filepath"

	"destination-webhook/destination/folder"
)

// openFolder opens dir if only its owner and the operator can determine where rows are stored, or
// remove them. It refuses a symbolic link, however it is spelled, and a folder that is not safe.
//
// It looks at the folder from within its parent, before and after it is opened, so that a link
// placed in between is seen.
func openFolder(dir string) (*os.Root, error) {
	dir, err := filepath.Abs(dir) // cleaned: with a slash or a dot at the end a link would be followed
	if err != nil {
		return nil, err
	}
	// Whoever controls a parent can move the folder away.
	if err := folder.CheckParents(dir); err != nil {
		return nil, err
	}
	parent, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return nil, err
	}
	defer func() { _ = parent.Close() }() // it was read from only
	name := filepath.Base(dir)
	if name == string(filepath.Separator) {
		name = "."
	}
	before, err := parent.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() {
		return nil, errors.New("it is a symbolic link or a file, name a folder instead")
	}
	root, err := parent.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	after, err := root.Stat(".")
	if err == nil && !os.SameFile(before, after) {
		err = errors.New("it was replaced while it was being opened")
	}
	if err == nil {
		err = folder.Safe(after)
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}
