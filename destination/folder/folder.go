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
// way to it, belongs to another user or is open to all, or something in it belongs to another user.
// It refuses a symbolic link in its place. Folders that do not exist yet are not looked at.
func Check(dir string) error {
	dir, err := filepath.Abs(dir) // cleaned: with a slash or a dot at the end a link would be followed
	if err != nil {
		return err
	}
	if err := CheckParents(dir); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return errors.New("it is a symbolic link or a file, name a folder instead")
	}
	if err := Safe(info); err != nil {
		return named(dir, err)
	}
	return checkEntries(dir)
}

// checkEntries refuses what another user put into a folder. Only that of a folder that is or was
// open to all can hold such a thing.
func checkEntries(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // another sync removed it
		}
		if err != nil {
			return err
		}
		if err := Owned(info); err != nil {
			return named(filepath.Join(dir, entry.Name()), err)
		}
	}
	return nil
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
	if info.Mode()&fs.ModeSymlink == 0 {
		return named(path, safeParent(info.Mode(), owner(info), os.Geteuid()))
	}
	if !trusted(owner(info), os.Geteuid()) {
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

// Owned refuses a file of another user, who may have planted it.
func Owned(info fs.FileInfo) error {
	if !trusted(owner(info), os.Geteuid()) {
		return errors.New("it belongs to another user: if you trust its content, give it to the user that this program runs as (chown), or else remove it")
	}
	return nil
}

// Ours reports whether a file belongs to the user that this program runs as.
func Ours(info fs.FileInfo) bool { return owner(info) == os.Geteuid() }

// Safe refuses a folder to write to in which another user of the machine could place or remove
// files.
func Safe(info fs.FileInfo) error { return safe(info.Mode(), owner(info), os.Geteuid()) }

// safe refuses what safeParent refuses, and a sticky folder: everybody may place files in it.
func safe(mode fs.FileMode, owner, us int) error {
	if openToAll(mode) && mode&fs.ModeSticky != 0 {
		return errors.New("all users of the machine can write to it, name a folder in it")
	}
	return safeParent(mode, owner, us)
}

// safeParent refuses a folder in which another user of the machine could move away what we made.
// One that belongs to root is the operator's, whatever its mode: volumes of Kubernetes and Docker
// are root's and open to all, for a container's user to write to. A group is trusted, as the owner
// chose it; so is a sticky folder, in which everybody moves only what is theirs.
func safeParent(mode fs.FileMode, owner, us int) error {
	switch {
	case owner == 0:
		return nil
	case owner != us:
		return errors.New("it belongs to another user, name a folder of your own")
	case openToAll(mode) && mode&fs.ModeSticky == 0:
		return errors.New("all users of the machine can write to it, take that right away (chmod o-w)")
	}
	return nil
}

func openToAll(mode fs.FileMode) bool { return mode.Perm()&0o002 != 0 }

func owner(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

// trusted reports whether an owner is we or root, who needs no folder of ours.
func trusted(owner, us int) bool { return owner == 0 || owner == us }
