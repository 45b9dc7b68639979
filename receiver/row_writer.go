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

// write writes rows in one piece and then calls accept, unless writing failed.
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
	for i := range rows {
		if err := encoder.Encode(lineOf(&rows[i])); err != nil {
			return fmt.Errorf("encoding a row: %w", err)
		}
	}
	if len(rows) > 0 {
		if n, err := rw.w.Write(rw.buffer.Bytes()); err != nil {
			rw.undo(n)
			return fmt.Errorf("writing the accepted rows: %w", err)
		}
		rw.torn = false
	}
	accept()
	return nil
}

// undo removes the n bytes of a write that failed, because their rows are not accepted. If the
// writer cannot remove them, the next row at least begins a line.
func (rw *rowWriter) undo(n int) {
	if n == 0 {
		return
	}
	file, ok := rw.w.(interface {
		Truncate(size int64) error
		io.Seeker
	})
	if ok {
		end, err := file.Seek(0, io.SeekEnd)
		if err == nil && file.Truncate(end-int64(n)) == nil {
			return
		}
	}
	rw.torn = rw.buffer.Bytes()[n-1] != '\n'
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
