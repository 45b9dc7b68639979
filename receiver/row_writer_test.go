package receiver

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A failed write leaves no half of a line: it is taken back from a file, and ended
// elsewhere.
func TestTornLines(t *testing.T) {
	row := func(n string) []Row { return []Row{{Data: json.RawMessage(`{"id":` + n + `}`)}} }
	file, err := os.OpenFile(filepath.Join(t.TempDir(), "rows"), os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var buffer bytes.Buffer
	tests := map[string]struct {
		w    io.Writer
		want string
	}{
		"file":   {&shortFile{File: file}, `{"data":{"id":1}}` + "\n" + `{"data":{"id":3}}` + "\n"},
		"stream": {&shortWriter{w: &buffer}, `{"data":{"id":1}}` + "\n" + `{"data":` + "\n" + `{"data":{"id":3}}` + "\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rw := newRowWriter(test.w)
			accepted := 0
			for i, n := range []string{"1", "2", "3"} {
				if err := rw.write(row(n), func() { accepted++ }); (err != nil) != (i == 1) {
					t.Errorf("row %s: %v", n, err)
				}
			}
			got := buffer.String()
			if name == "file" {
				text, err := os.ReadFile(file.Name())
				if err != nil {
					t.Fatal(err)
				}
				got = string(text)
			}
			if got != test.want || accepted != 2 {
				t.Errorf("%d accepted, written %q, want %q", accepted, got, test.want)
			}
		})
	}
}

// Many rows are written piece by piece, in little memory, and all of them are removed if one piece
// cannot be written.
func TestManyRowsAreWrittenInPieces(t *testing.T) {
	file, err := os.OpenFile(filepath.Join(t.TempDir(), "rows"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows := make([]Row, 100)
	for i := range rows {
		rows[i].Data = []byte(`"` + strings.Repeat("x", 100_000) + `"`)
	}
	rw := newRowWriter(&shortFile{File: file})
	for i, want := range []int64{0, 100 * 100_012} {
		if err := rw.write(rows, func() {}); (err != nil) != (i == 0) {
			t.Errorf("time %d: %v", i, err)
		}
		if info, err := file.Stat(); err != nil || info.Size() != want {
			t.Errorf("time %d: %d bytes are written, want %d; %v", i, info.Size(), want, err)
		}
	}
	if n := rw.buffer.Cap(); n > 4*maxRowBuffer {
		t.Errorf("the buffer has %d bytes", n)
	}
}

// shortWriter breaks off within its second write.
type shortWriter struct {
	w      io.Writer
	writes int
}

func (s *shortWriter) Write(p []byte) (int, error) {
	if s.writes++; s.writes == 2 {
		n, _ := s.w.Write(p[:8])
		return n, io.ErrShortWrite
	}
	return s.w.Write(p)
}

type shortFile struct {
	*os.File
	short shortWriter
}

func (s *shortFile) Write(p []byte) (int, error) {
	s.short.w = s.File
	return s.short.Write(p)
}
