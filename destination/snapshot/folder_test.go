package snapshot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder of another user, or with a link for LOCK, is neither opened nor passed by a check.
func TestFolderOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give folders away")
	}
	const another = 54321
	dir := filepath.Join(t.TempDir(), "snapshot")
	closeStore(t, open(t, dir, Options{}))
	if err := os.Chown(dir, another, another); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "it belongs to another user")
}

// A snapshot that another user planted in a volume, or in a folder that was open to all once, is
// not opened: nothing would be sent that it says was delivered.
func TestPlantedSnapshot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const another = 54321
	for _, mode := range []os.FileMode{0o777, 0o777 | os.ModeSetgid, 0o755} {
		dir := filepath.Join(t.TempDir(), "snapshot")
		closeStore(t, open(t, dir, Options{}))
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		closeStore(t, open(t, dir, Options{})) // as long as all of it is ours
		planted, err := filepath.Glob(filepath.Join(dir, "MANIFEST-*"))
		if err != nil || len(planted) == 0 {
			t.Fatalf("%q, %v", planted, err)
		}
		if err := os.Chown(planted[0], another, another); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, filepath.Base(planted[0])+": it belongs to another user")
	}
}

// A folder that everybody uses, such as /tmp, is none for a snapshot; one in it is.
func TestFolderOfEverybody(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "name a folder in it")
	closeStore(t, open(t, filepath.Join(dir, "snapshot"), Options{}))
}

func TestLockThatIsALink(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(t.TempDir(), "target")
	if err := os.WriteFile(target, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(dir, "LOCK")); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "LOCK in it is no file")
	if text, err := os.ReadFile(target); err != nil || string(text) != "text" {
		t.Errorf("the target holds %q, %v", text, err)
	}
}

func refused(t *testing.T, dir, says string) {
	t.Helper()
	_, err := Open(t.Context(), dir, Options{})
	for doing, err := range map[string]error{"Open": err, "Probe": Probe(dir)} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", doing, err, says)
		}
	}
}
