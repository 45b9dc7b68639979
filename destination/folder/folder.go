// Package folder reports whether a folder may hold what no other user of the machine is to read,
// change or move away.
package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Check refuses a folder that another user of the machine controls: it, or a folder or link on the
// way to it, belongs to another user or is open to all. It refuses a symbolic link in its place.
// Folders that do not exist yet are not looked at.
func Check(dir string) error {
	dir, err := filepath.Abs(dir) // cleaned: with a slash or a dot at the end a link would be followed
	if err != nil {
		return err
	}
	if info, err := os.Lstat(dir); err == nil && !info.IsDir() {
		return errors.New("it is a symbolic link or a file, name a folder instead")
	}
	return checkPath(dir, 0)
}

// CheckParents is Check for the folders and links on the way to dir, and not for dir itself.
func CheckParents(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	return checkPath(filepath.Dir(dir), 0)
}

// maxLinks is how many links a path may lead over, as in the kernel.
const maxLinks = 40

// checkPath checks a path from its root on.
func checkPath(path string, links int) error {
	if parent := filepath.Dir(path); parent != path {
		if err := checkPath(parent, links); err != nil {
			return err
		}
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	mode, owner := info.Mode(), int(info.Sys().(*syscall.Stat_t).Uid)
	if mode&fs.ModeSymlink == 0 {
		return named(path, Safe(mode, owner, os.Geteuid()))
	}
	if owner != 0 && owner != os.Geteuid() {
		return named(path, errors.New("it is a symbolic link of another user"))
	}
	target, err := os.Readlink(path)
	if err != nil || links == maxLinks {
		return errors.Join(err, errors.New("too many symbolic links"))
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(path), target)
	}
	return checkPath(target, links+1)
}

func named(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Safe refuses a folder in which another user of the machine could remove what we wrote. One that
// belongs to root is the operator's, whatever its mode: volumes of Kubernetes and Docker are root's
// and open to all, for a container's user to write to. A group is trusted, as the owner chose it;
// so is a sticky folder, in which everybody removes what is theirs.
func Safe(mode os.FileMode, owner, us int) error {
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
