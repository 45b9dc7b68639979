package deadletter

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
	"destination-webhook/destination/payload"
)

var (
	_ Archive = (*LocalArchive)(nil)
	_ Archive = (*S3Archive)(nil)
)

// archives are the places of dead letters, each with a store that writes to it.
func archives(t *testing.T) map[string]struct {
	archive Archive
	store   Store
} {
	t.Helper()
	dir := t.TempDir()
	local, err := OpenLocalArchive(dir)
	if err != nil {
		t.Fatal(err)
	}
	o := buckettest.Start(t)
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	store, err := NewLocal(dir, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = local.Close() })
	return map[string]struct {
		archive Archive
		store   Store
	}{"local": {local, store}, "s3": {NewS3Archive(b), NewS3(b, noon)}}
}

func read(t *testing.T, a Archive, name string) (lines []string) {
	t.Helper()
	if err := a.Read(t.Context(), name, func(line []byte) error { lines = append(lines, string(line)); return nil }); err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestArchives(t *testing.T) {
	for kind, place := range archives(t) {
		t.Run(kind, func(t *testing.T) {
			if err := errors.Join(place.store.Write(t.Context(), []byte("a\nb\nc\n")), place.store.Close()); err != nil {
				t.Fatal(err)
			}
			names, err := place.archive.Names(t.Context())
			if err != nil || len(names) != 1 {
				t.Fatalf("names %q, %v", names, err)
			}
			if diff := cmp.Diff([]string{"a", "b", "c"}, read(t, place.archive, names[0])); diff != "" {
				t.Error(diff)
			}
			if err := place.archive.MoveDone(t.Context(), names[0], func(line int) bool { return line == 1 }); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"a", "c"}, read(t, place.archive, names[0])); diff != "" {
				t.Error(diff)
			}
			if err := place.archive.MoveDone(t.Context(), names[0], func(int) bool { return true }); err != nil {
				t.Fatal(err)
			}
			if names, err := place.archive.Names(t.Context()); err != nil || len(names) != 0 {
				t.Errorf("after all is done: %q, %v", names, err)
			}
			moved := strings.Split(strings.TrimSpace(doneLines(t, place.archive)), "\n")
			if diff := cmp.Diff([]string{"b", "a", "c"}, moved); diff != "" && !cmp.Equal([]string{"a", "c", "b"}, moved) {
				t.Error(diff)
			}
		})
	}
}

// doneLines returns what was put aside.
func doneLines(t *testing.T, a Archive) (text string) {
	t.Helper()
	switch a := a.(type) {
	case *LocalArchive:
		for _, name := range files(t, filepath.Join(a.root.Name(), "done")) {
			data, err := os.ReadFile(filepath.Join(a.root.Name(), "done", name))
			if err != nil {
				t.Fatal(err)
			}
			text += string(data)
		}
	case *S3Archive:
		objects, err := a.bucket.List(t.Context(), "done/")
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			var content bytes.Buffer
			if _, err := a.bucket.Fetch(t.Context(), object.Name, &content, maxObject); err != nil {
				t.Fatal(err)
			}
			text += content.String()
		}
	}
	return text
}

// A file that a sync writes is neither read nor moved: what the sync adds would be lost.
func TestArchiveLeavesAFileThatIsWritten(t *testing.T) {
	dir := t.TempDir()
	store := newLocal(t, dir)
	if err := store.Write(t.Context(), []byte("a\n")); err != nil {
		t.Fatal(err)
	}
	archive, err := OpenLocalArchive(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	if err := archive.Read(t.Context(), store.name, func([]byte) error { return nil }); !errors.Is(err, ErrInUse) {
		t.Errorf("Read = %v, want ErrInUse", err)
	}
	if err := archive.MoveDone(t.Context(), store.name, func(int) bool { return true }); !errors.Is(err, ErrInUse) {
		t.Errorf("MoveDone = %v, want ErrInUse", err)
	}
	if got := content(t, dir); got != "a\n" {
		t.Errorf("the file holds %q", got)
	}
}

// Another user who can write to the folder does not choose which rows are sent.
func TestArchiveReadsNoFileOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	store := newLocal(t, dir)
	if err := store.Write(t.Context(), []byte("a\n")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(dir, store.name), 54321, 54321); err != nil {
		t.Fatal(err)
	}
	archive, err := OpenLocalArchive(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	for doing, err := range map[string]error{
		"Read":     archive.Read(t.Context(), store.name, func([]byte) error { return errors.New("a line is read") }),
		"MoveDone": archive.MoveDone(t.Context(), store.name, func(int) bool { return true }),
	} {
		if err == nil || !strings.Contains(err.Error(), "it belongs to another user") {
			t.Errorf("%s = %v", doing, err)
		}
	}
}

// Other files of the folder, and a line whose writing was broken off, are no dead letters.
func TestArchiveReadsWholeLinesOfItsOwnFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"dead-letters-20261124T113015Z-AAAAAAAA.jsonl": "a\nhalf a li", "notes.jsonl": "b\n", "dead-letters-x.txt": "c\n", probeName: "d\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive, err := OpenLocalArchive(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	names, err := archive.Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"dead-letters-20261124T113015Z-AAAAAAAA.jsonl"}, names); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([]string{"a"}, read(t, archive, names[0])); diff != "" {
		t.Error(diff)
	}
}

func TestParseResolved(t *testing.T) {
	line := AppendResolved(nil, []string{"A", "B"})
	if ids, ok := ParseResolved(line[:len(line)-1]); !ok || !slices.Equal(ids, []string{"A", "B"}) {
		t.Errorf("got %q, %v", ids, ok)
	}
	for _, line := range []string{``, `{"type":"LOG"}`, string(resolvedLine), string(resolvedLine) + `["A"`} {
		if ids, ok := ParseResolved([]byte(line)); ok {
			t.Errorf("%s: got %q, want none", line, ids)
		}
	}
}

func TestParse(t *testing.T) {
	record := Record{Data: []byte(`{"id":1.0}`), Status: 422, Reason: "no \"x\"", WebhookID: "msg_1", At: noon, Before: []byte{1, 255}, Retry: payload.Retry{ID: "A", Syncs: 3}}
	record.Stream.Name, record.Stream.Namespace = "users", "public"
	letter, err := Parse(record.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := &Stored{Stream: record.Stream, Data: record.Data, EmittedAt: []byte("1795519815000"), Rejection: Rejection{
		Status: 422, Reason: record.Reason, WebhookID: "msg_1", At: noon.UTC(), Before: []byte{1, 255}, Retry: record.Retry,
	}}
	if diff := cmp.Diff(want, letter); diff != "" {
		t.Error(diff)
	}
	for _, line := range []string{``, `nonsense`, `[]`, `{"type":"STATE"}`, `{"type":"RECORD","record":{"stream":"users","data":1}}`} {
		if letter, err := Parse([]byte(line)); err == nil {
			t.Errorf("%s: got %v, want an error", line, letter)
		}
	}
}
