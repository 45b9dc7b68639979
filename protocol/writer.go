package protocol

import (
	"io"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Writer puts messages on a stream that carries nothing but the protocol, one a line, each in one
// write, so that a line is never torn between two goroutines or by a crash, but for a state that is
// larger than what a pipe takes at once. States are held until Flush. It is safe for concurrent
// use.
type Writer struct {
	// Redact, if set, is applied to every text a person may read: logs, traces and the answer of
	// check. It is not applied to states, which have to go back as they came. Set it before the
	// first write.
	Redact func(string) string

	mu     sync.Mutex
	w      io.Writer
	err    error
	buf    []byte
	states []byte // lines that wait for Flush
	now    func() time.Time
}

// NewWriter returns a Writer on w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w, now: time.Now} }

// maxTogether is how many bytes of states are written at once: what a pipe takes at most. More
// would be split by a crash anyway, and take as much memory again.
const maxTogether = 1 << 20

// State adds a state with its counts to those that Flush writes. States that are too many to be
// written at once are written before.
func (w *Writer) State(s *State, records, rejected int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.states)+s.Size() > maxTogether && len(w.states) > 0 {
		w.states = w.write(w.states)
	}
	if s.Size() <= maxTogether {
		w.states = s.AppendLine(w.states, records, rejected)
		return
	}
	before, after := s.around()
	w.write(before)
	w.write(s.appendStats(nil, records, rejected))
	w.write(after)
	w.write([]byte{'\n'})
}

// Flush writes the states added since the last one in one write: a crash does not part states that
// became due together.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.states) == 0 {
		return w.err
	}
	w.states = w.write(w.states)
	return w.err
}

// Level is the level of a LOG message. The platform drops every other spelling.
type Level string

// The levels of the protocol.
const (
	levelFatal Level = "FATAL"
	levelError Level = "ERROR"
	levelWarn  Level = "WARN"
	levelInfo  Level = "INFO"
	levelDebug Level = "DEBUG"
	levelTrace Level = "TRACE"
)

type logMessage struct {
	Type string `json:"type"`
	Log  struct {
		Level   Level  `json:"level"`
		Message string `json:"message"`
	} `json:"log"`
}

// log writes a LOG message.
func (w *Writer) log(level Level, message string) error {
	m := logMessage{Type: "LOG"}
	m.Log.Level, m.Log.Message = level, w.redact(message)
	return w.message(m)
}

// FailureType tells the platform what to do about a failed sync.
type FailureType string

// The failure types of the protocol.
const (
	// ConfigError is for the user to correct; the platform does not try again.
	ConfigError FailureType = "config_error"
	// TransientError may pass by itself; the platform tries again.
	TransientError FailureType = "transient_error"
	// SystemError is a fault of the program or of its input.
	SystemError FailureType = "system_error"
)

type traceMessage struct {
	Type  string `json:"type"`
	Trace struct {
		Type      string  `json:"type"`
		EmittedAt float64 `json:"emitted_at"` // milliseconds since 1970
		Error     struct {
			Message         string      `json:"message"`
			InternalMessage string      `json:"internal_message,omitzero"`
			FailureType     FailureType `json:"failure_type"`
		} `json:"error"`
	} `json:"trace"`
}

// Failure writes a TRACE message of type ERROR: a message for the user and, if it says more, the
// detail for who maintains the program.
func (w *Writer) Failure(f FailureType, message, detail string) error {
	m := traceMessage{Type: "TRACE"}
	m.Trace.Type, m.Trace.EmittedAt = "ERROR", float64(w.now().UnixMilli())
	m.Trace.Error.Message = w.redact(message)
	m.Trace.Error.InternalMessage = w.redact(detail)
	m.Trace.Error.FailureType = f
	return w.message(m)
}

type statusMessage struct {
	Type             string `json:"type"`
	ConnectionStatus struct {
		Status  string `json:"status"`
		Message string `json:"message,omitzero"`
	} `json:"connectionStatus"`
}

// Status writes the answer of check.
func (w *Writer) Status(succeeded bool, message string) error {
	m := statusMessage{Type: "CONNECTION_STATUS"}
	m.ConnectionStatus.Status, m.ConnectionStatus.Message = "FAILED", w.redact(message)
	if succeeded {
		m.ConnectionStatus.Status = "SUCCEEDED"
	}
	return w.message(m)
}

// Spec writes a SPEC message whose payload is spec, a JSON object on any number of lines.
func (w *Writer) Spec(spec []byte) error {
	compact := jsontext.Value(spec).Clone()
	if err := compact.Compact(); err != nil {
		return err
	}
	return w.message(struct {
		Type string         `json:"type"`
		Spec jsontext.Value `json:"spec"`
	}{"SPEC", compact})
}

func (w *Writer) redact(s string) string {
	if w.Redact == nil {
		return s
	}
	return w.Redact(s)
}

func (w *Writer) message(m any) error {
	line, err := json.Marshal(m, jsontext.AllowInvalidUTF8(true), jsontext.EscapeForHTML(false))
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = w.write(append(append(w.buf, line...), '\n'))
	return w.err
}

// keepBuffer is the largest buffer kept between two writes, in bytes.
const keepBuffer = 1 << 20

// write writes lines unless an earlier write failed, and returns their memory for the next ones.
func (w *Writer) write(lines []byte) []byte {
	if w.err == nil {
		_, w.err = w.w.Write(lines)
	}
	if cap(lines) > keepBuffer {
		return nil
	}
	return lines[:0]
}
