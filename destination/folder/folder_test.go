package folder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// another is a user that is neither we nor root.
const another = 54321

func TestCheck(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give folders away")
	}
	for name, test := range map[string]struct {
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
		"below links in a circle": {func(base string) error { return os.Symlink("link", base+"/link") }, "link/b", "too many symbolic links"},
	} {
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
