package deadletter

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
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
		err = safe(after.Mode(), int(after.Sys().(*syscall.Stat_t).Uid), os.Geteuid())
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}

// safe refuses a folder in which another user of the machine could remove what we wrote. One that
// belongs to root is the operator's, whatever its mode: volumes of Kubernetes and Docker are root's
// and open to all, for a container's user to write to. A group is trusted, as the owner chose it;
// so is a sticky folder, in which everybody removes what is theirs.
func safe(mode os.FileMode, owner, us int) error {
	switch {
	case owner == 0:
		return nil
	case owner != us:
		return errors.New("it belongs to another user, name a folder of your own")
	case mode.Perm()&0o002 != 0 && mode&os.ModeSticky == 0:
		return errors.New("all users of the machine can write to it, take that right away (chmod o-w)")
	}
	return nil
}
