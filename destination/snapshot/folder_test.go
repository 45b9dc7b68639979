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
