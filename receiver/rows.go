package receiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// rowWriter writes accepted rows as JSON lines, in order of acceptance. It is
// safe for concurrent use; without a writer it only calls accept.
type rowWriter struct {
	mu     sync.Mutex
	w      io.Writer
	buffer bytes.Buffer
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
	encoder := json.NewEncoder(&rw.buffer)
	encoder.SetEscapeHTML(false)
	for i := range rows {
		if err := encoder.Encode(lineOf(&rows[i])); err != nil {
			return fmt.Errorf("encoding a row: %w", err)
		}
	}
	if rw.buffer.Len() > 0 {
		if _, err := rw.w.Write(rw.buffer.Bytes()); err != nil {
			return fmt.Errorf("writing the accepted rows: %w", err)
		}
	}
	accept()
	return nil
}

// rowLine is a row as a JSON line. Encoding compacts raw values, so that a row
// never breaks its line, and leaves their text alone otherwise.
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
