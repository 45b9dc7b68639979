package report_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"destination-webhook/destination/report"
)

// A report is written where no other user of the machine can lead it: a file of theirs, and what
// their links and folders lead to, stay as they are.
func TestReportIsWrittenNowhereElse(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	victim := at("victim/file")
	if err := errors.Join(os.Mkdir(at("victim"), 0o700), os.WriteFile(victim, []byte("before"), 0o600), syscall.Mkfifo(at("pipe"), 0o600),
		os.Symlink(victim, at("link")), os.Symlink("victim", at("folder"))); err != nil {
		t.Fatal(err)
	}
	says := map[string]string{"pipe": "is no file", "victim": "is no file", "link": "is no file"}
	if os.Geteuid() == 0 { // only root can give files away
		const another = 54321
		says["folder/file"], says["theirs/file"], says["their-file"] = "symbolic link of another user", "belongs to another user", "belongs to another user"
		if err := errors.Join(os.Lchown(at("folder"), another, another), os.Mkdir(at("theirs"), 0o777), os.Chown(at("theirs"), another, another),
			os.WriteFile(at("their-file"), nil, 0o600), os.Chown(at("their-file"), another, another)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range says {
		if err := report.WriteFile(at(name), []byte("after")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if text, err := os.ReadFile(victim); string(text) != "before" {
		t.Errorf("the file has %q, %v", text, err)
	}
	for range 2 {
		if err := report.WriteFile(at("report.json"), []byte("after")); err != nil {
			t.Error(err)
		}
	}
}
