package receiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// rowWriter writes accepted rows as JSON lines, in order of acceptance. It is safe for concurrent
// use. Without a writer it only calls accept.
type rowWriter struct {
	mu     sync.Mutex
	w      io.Writer
	buffer bytes.Buffer
	torn   bool // the last write ended inside a line
}

func newRowWriter(w io.Writer) *rowWriter { return &rowWriter{w: w} }

// maxRowBuffer is how much of the rows is written at once, in bytes.
const maxRowBuffer = 1 << 20

// write writes rows and then calls accept. If writing fails it removes what it has written of them.
func (rw *rowWriter) write(rows []Row, accept func()) error {
	if rw.w == nil {
		accept()
		return nil
	}
	rw.mu.Lock()
	defer rw.mu.Unlock()
	rw.buffer.Reset()
	if rw.torn {
		rw.buffer.WriteByte('\n')
	}
	encoder := json.NewEncoder(&rw.buffer)
	encoder.SetEscapeHTML(false)
	written := 0
	for i := range rows {
		if err := encoder.Encode(lineOf(&rows[i])); err != nil {
			rw.undo(written)
			return fmt.Errorf("encoding a row: %w", err)
		}
		if rw.buffer.Len() < maxRowBuffer && i < len(rows)-1 {
			continue
		}
		n, err := rw.flush()
		if written += n; err != nil {
			rw.undo(written)
			return fmt.Errorf("writing the accepted rows: %w", err)
		}
	}
	if rw.buffer.Cap() > 2*maxRowBuffer {
		rw.buffer = bytes.Buffer{} // a long row was in it
	}
	accept()
	return nil
}

// flush writes what is in the buffer.
func (rw *rowWriter) flush() (n int, err error) {
	n, err = rw.w.Write(rw.buffer.Bytes())
	if n > 0 {
		rw.torn = rw.buffer.Bytes()[n-1] != '\n'
	}
	rw.buffer.Reset()
	return n, err
}

// undo removes the n bytes that were written last, because their rows are not accepted. If the
// writer cannot remove them, the next row at least begins a line.
func (rw *rowWriter) undo(n int) {
	if n == 0 {
		return
	}
	file, ok := rw.w.(interface {
		Truncate(size int64) error
		io.Seeker
	})
	if !ok {
		return
	}
	end, err := file.Seek(0, io.SeekEnd)
	if err == nil && file.Truncate(end-int64(n)) == nil {
		rw.torn = false
	}
}

// rowLine is a row as a JSON line. Encoding compacts raw values, so a row never breaks its line,
// and changes nothing else in their text.
type rowLine struct {
	Stream     string          `json:"stream,omitempty"`
	Namespace  string          `json:"namespace,omitempty"`
	Operation  string          `json:"operation,omitempty"`
	PrimaryKey json.RawMessage `json:"primary_key,omitempty"`
	EmittedAt  json.RawMessage `json:"emitted_at,omitempty"`
	Changes    json.RawMessage `json:"changes,omitempty"`
	Data       json.RawMessage `json:"data"`
}

func lineOf(r *Row) rowLine {
	return rowLine{r.Stream, r.Namespace, r.Operation, r.PrimaryKey, r.EmittedAt, r.Changes, r.Data}
}
