package folder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// another is a user that is neither we nor root.
const another = 54321

// give makes a file of another user.
func give(path string) error {
	return first(os.WriteFile(path, nil, 0o600), os.Chown(path, another, another))
}

// folders are folders by how they are made, and what Check says of them.
var folders = map[string]struct {
	make func(base string) error
	dir  string
	says string // "": it is allowed
}{
	"ours":    {func(base string) error { return os.MkdirAll(base+"/a/b", 0o700) }, "a/b", ""},
	"missing": {func(string) error { return nil }, "a/b", ""},
	"another user's": {func(base string) error {
		return first(os.Mkdir(base+"/a", 0o777), os.Chown(base+"/a", another, another))
	}, "a", "it belongs to another user"},
	"below another user's": {func(base string) error {
		return first(os.MkdirAll(base+"/a/b", 0o777), os.Chown(base+"/a", another, another))
	}, "a/b", "it belongs to another user"},
	"missing below another user's": {func(base string) error {
		return first(os.Mkdir(base+"/a", 0o777), os.Chown(base+"/a", another, another))
	}, "a/b/c", "it belongs to another user"},
	"a link": {func(base string) error {
		return first(os.Mkdir(base+"/a", 0o700), os.Symlink("a", base+"/link"))
	}, "link/", "it is a symbolic link or a file"},
	"below our link": {func(base string) error {
		return first(os.MkdirAll(base+"/a/b", 0o700), os.Symlink("a", base+"/link"))
	}, "link/b", ""},
	"below another user's link": {func(base string) error {
		return first(os.MkdirAll(base+"/a/b", 0o700), os.Symlink("a", base+"/link"), os.Lchown(base+"/link", another, another))
	}, "link/b", "symbolic link of another user"},
	"below our link to another user's": {func(base string) error {
		return first(os.MkdirAll(base+"/a/b", 0o777), os.Chown(base+"/a", another, another), os.Symlink("a", base+"/link"))
	}, "link/b", "it belongs to another user"},
	"open to all and sticky": {func(base string) error {
		return first(os.Mkdir(base+"/a", 0o700), os.Chmod(base+"/a", 0o777|os.ModeSticky))
	}, "a", "name a folder in it"},
	"below one that is open to all and sticky": {func(base string) error {
		return first(os.MkdirAll(base+"/a/b", 0o700), os.Chmod(base+"/a", 0o777|os.ModeSticky))
	}, "a/b", ""},
	"root's and open to all": {func(base string) error {
		return first(os.MkdirAll(base+"/a/lost+found", 0o700), os.Chmod(base+"/a", 0o777))
	}, "a", ""},
	"root's and open to all, with another user's file": {func(base string) error {
		return first(os.Mkdir(base+"/a", 0o700), os.Chmod(base+"/a", 0o777), give(base+"/a/CURRENT"))
	}, "a", "/a/CURRENT: it belongs to another user"},
	"closed after another user placed a link": {func(base string) error {
		return first(os.Mkdir(base+"/a", 0o700), os.Symlink("x", base+"/a/LOCK"), os.Lchown(base+"/a/LOCK", another, another))
	}, "a", "/a/LOCK: it belongs to another user"},
	"below links in a circle": {func(base string) error { return os.Symlink("link", base+"/link") }, "link/b", "too many symbolic links"},
}

func TestCheck(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give folders away")
	}
	for name, test := range folders {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			if err := test.make(base); err != nil {
				t.Fatal(err)
			}
			err := Check(base + "/" + test.dir)
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("%s: %v, want %q", filepath.Join(base, test.dir), err, test.says)
			}
		})
	}
}

func TestSafe(t *testing.T) {
	const us, other = 1000, 1001
	for _, test := range []struct {
		name   string
		mode   os.FileMode
		owner  int
		parent string // what it says of a parent
		want   string
	}{
		{"ours", 0o700, us, "", ""},
		{"ours, of a group", 0o770, us, "", ""},
		{"ours, open to all", 0o777, us, "all users", "all users"},
		{"ours, open to all and sticky", 0o777 | os.ModeSticky, us, "", "name a folder in it"},
		{"root's", 0o755, 0, "", ""},
		{"root's, open to all, as an emptyDir is", 0o777, 0, "", ""},
		{"root's, of a group and open to all, as an emptyDir with fsGroup is", 0o777 | os.ModeSetgid, 0, "", ""},
		{"root's, open to all and sticky, as /tmp is", 0o777 | os.ModeSticky, 0, "", "name a folder in it"},
		{"another user's", 0o777, other, "another user", "another user"},
		{"another user's, closed", 0o700, other, "another user", "another user"},
		{"another user's, sticky", 0o777 | os.ModeSticky, other, "another user", "name a folder in it"},
	} {
		for as, got := range map[string]struct {
			err  error
			want string
		}{
			"to write to": {safe(test.mode, test.owner, us), test.want},
			"as a parent": {safeParent(test.mode, test.owner, us), test.parent},
		} {
			if (got.err == nil) != (got.want == "") || got.err != nil && !strings.Contains(got.err.Error(), got.want) {
				t.Errorf("%s, %s: got %v, want %q", test.name, as, got.err, got.want)
			}
		}
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// A dead-letter folder may lie below a link of ours.
func TestCheckParents(t *testing.T) {
	base := t.TempDir()
	if err := first(os.MkdirAll(base+"/a/b", 0o700), os.Symlink("a", base+"/link")); err != nil {
		t.Fatal(err)
	}
	if err := CheckParents(base + "/link/b"); err != nil {
		t.Error(err)
	}
	if err := first(os.Chmod(base+"/a", 0o777), CheckParents(base+"/link/b")); os.Geteuid() != 0 && err == nil {
		t.Error("a parent that is open to all passes")
	}
}
