package disk

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// write writes a file in a folder.
func write(t *testing.T, f *Folder, name, text string) {
	t.Helper()
	file, err := f.Files().Create(f.Path(name), vfs.WriteCategoryUnspecified)
	if err == nil {
		_, err = io.WriteString(file, text)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The checksum covers the files of the database and no others, and is checked once.
func TestChecksum(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(t *testing.T, f *Folder)
		damaged bool
	}{
		"as it was":      {func(*testing.T, *Folder) {}, false},
		"another file":   {func(t *testing.T, f *Folder) { write(t, f, "000009.dbtmp", "x") }, false},
		"another list":   {func(t *testing.T, f *Folder) { write(t, f, "MANIFEST-000001", "tsil") }, true},
		"a longer table": {func(t *testing.T, f *Folder) { write(t, f, "000004.sst", "table, longer") }, true},
		"a new table":    {func(t *testing.T, f *Folder) { write(t, f, "000005.sst", "") }, true},
		"a missing table": {func(t *testing.T, f *Folder) {
			if err := f.Files().Remove(f.Path("000004.sst")); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := New(vfs.NewMem(), "", Options{})
			write(t, f, "MANIFEST-000001", "list")
			write(t, f, "000004.sst", "table")
			write(t, f, "000006.log", "of what is in the table")
			if err := f.WriteChecksum(); err != nil {
				t.Fatal(err)
			}
			if names, err := f.databaseFiles(); err != nil || len(names) != 2 {
				t.Errorf("the folder has %v, %v, want the list and the table", names, err)
			}
			test.change(t, f)
			err := f.verifyChecksum()
			if (err != nil) != test.damaged || test.damaged && !strings.Contains(err.Error(), StartOver) {
				t.Errorf("verified: %v, want damage: %t", err, test.damaged)
			}
			if _, err := f.ReadFile(checksumName); (err == nil) != test.damaged {
				t.Errorf("the checksum is there: %v, want it: %t", err == nil, test.damaged)
			}
		})
	}
}
