package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/receiver"
)

// Tokens and secrets come from a flag, a file or the environment, in this order.
func TestSecretsOfReceive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("whsec_b25l \nwhsec_dHdv\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{envToken: "token of the environment", envSecrets: "whsec_ZW52 whsec_aXJvbg=="}
	c := &commands{process: Process{Getenv: func(name string) string { return env[name] }}}
	tests := map[string]struct {
		flag, file string
		want       []string
	}{
		"flag":        {"whsec_ZmxhZw==", file, []string{"whsec_ZmxhZw=="}},
		"file":        {"", file, []string{"whsec_b25l", "whsec_dHdv"}},
		"environment": {"", "", []string{"whsec_ZW52", "whsec_aXJvbg=="}},
	}
	for name, tt := range tests {
		var flags []string
		if tt.flag != "" {
			flags = []string{tt.flag}
		}
		got, err := c.readSecrets(flags, tt.file)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	for _, tt := range [][3]string{{"flag", file, "flag"}, {"", file, "whsec_b25l \nwhsec_dHdv"}, {"", "", "token of the environment"}} {
		if got, err := c.readToken(tt[0], tt[1]); got != tt[2] || err != nil {
			t.Errorf("token %q, %v, want %q", got, err, tt[2])
		}
	}
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.readToken("", file); err == nil {
		t.Error("an empty file opens the page to everybody")
	}
}

// A file that another user has put there, or can move away, is refused.
func TestRowsFileOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const another = 54321
	dir := t.TempDir()
	file, below := filepath.Join(dir, "file"), filepath.Join(dir, "theirs")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chown(file, another, another), os.Mkdir(below, 0o755), os.Chown(below, another, another)); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o666), os.Chown(pipe, another, another)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, pipe, filepath.Join(below, "rows")} {
		if _, err := appendPrivate(path); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// The file of rows is this user's alone, and no link leads it elsewhere.
func TestRowsFileIsPrivate(t *testing.T) {
	dir := t.TempDir()
	open, link := filepath.Join(dir, "open"), filepath.Join(dir, "link")
	if err := os.WriteFile(open, []byte("before\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o666); err != nil { // whatever the umask
		t.Fatal(err)
	}
	if err := os.Symlink(open, link); err != nil {
		t.Fatal(err)
	}
	if _, err := appendPrivate(link); err == nil || !strings.Contains(err.Error(), "is a link") {
		t.Errorf("a link is followed: %v", err)
	}
	file, err := appendPrivate(open)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 7 {
		t.Errorf("mode %v, %d bytes, %v", info.Mode(), info.Size(), err)
	}
}

// A pipe has no end, so what is kept over a restart is not read from one, nor a script or a schema.
// Rows may go into one.
func TestStoreIsAFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, t.TempDir(), "/dev/null"} {
		_, _, script := receiveFiles{script: path}.open(nil)
		for what, err := range map[string]error{
			"store": openStore(path, &receiver.Options{}), "schema": openSchema(path, &receiver.Options{}), "script": script,
		} {
			if err == nil || !strings.Contains(err.Error(), "give the path of a file") {
				t.Errorf("%s %s: %v", what, path, err)
			}
		}
	}
	large := filepath.Join(t.TempDir(), "large")
	if err := errors.Join(os.WriteFile(large, nil, 0o600), os.Truncate(large, maxSettings+1)); err != nil {
		t.Fatal(err)
	}
	if err := openSchema(large, &receiver.Options{}); err == nil || !strings.Contains(err.Error(), "more than 4 MiB") {
		t.Errorf("a large schema: %v", err)
	}
	file, err := appendPrivate(pipe)
	if err != nil {
		t.Fatalf("rows: %v", err)
	}
	_ = file.Close()
}

// A secret of ours that others can read is refused, as ssh does. One that the operator mounts is
// root's, and may be open to all of its container.
func TestSecretsThatOthersCanRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("token of the file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, refused := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o644: true, 0o620: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		c := &commands{process: Process{Getenv: func(string) string { return "" }}}
		_, err := c.readToken("", file)
		_, err2 := c.readSecrets(nil, file)
		if (err != nil) != refused || (err2 != nil) != refused || refused && !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("%v: %v, %v", mode, err, err2)
		}
	}
	if os.Geteuid() == 0 {
		if err := errors.Join(os.Chmod(file, 0o644), os.Chown(file, 54321, 54321)); err != nil {
			t.Fatal(err)
		}
		if _, err := readSecretFile(file); err != nil {
			t.Errorf("of another user: %v", err)
		}
	}
}
