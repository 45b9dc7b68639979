package protocol

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// Decoder walks the messages of a block of lines. The zero value is ready; it is not safe for
// concurrent use.
type Decoder struct {
	block []byte
	pos   int
	line  int64

	skipped Skipped
	typed   typed
	begun   bool    // the first line of the input has been read
	own     Message // of Decode

	b       []byte // the block from the current line on: indices into it are offsets in the line
	m       *Message
	scratch []byte // unescaped names
	faults  faults
	layouts layouts
	layout  *layout // of the current data; nil: of a stream that is not known
	usual   bool    // the current record has the usual form: its stream is that of the layout
}

// Find makes the decoder look for fields in the records of a stream: see Record.Fields.
func (d *Decoder) Find(namespace, stream string, l *Lookup) {
	if layout := d.layouts.of([]byte(namespace), []byte(stream)); layout != nil {
		layout.search(l)
	}
}

// faults are what is wrong with the payload of one line beyond the grammar. Which payload counts is
// not known before the line's type is, and that may come last.
type faults struct{ record, state, trace fault }

type fault struct {
	at      int
	problem string
}

func (f *fault) set(at int, problem string, args ...any) {
	if f.problem == "" {
		*f = fault{at, fmt.Sprintf(problem, args...)}
	}
}

// Reset begins a new block, which has to end in a newline. What Next returned before is no longer
// valid. Lines go on being counted.
func (d *Decoder) Reset(block []byte) { d.block, d.pos = block, 0 }

// Line is the number of the line last read, the first is 1.
func (d *Decoder) Line() int64 { return d.line }

// Skipped returns the counts of the lines that were no Airbyte messages.
func (d *Decoder) Skipped() Skipped { return d.skipped }

// byteOrderMark opens the output of some tools on Windows.
const byteOrderMark = "\uFEFF"

// Next reads the next message of the block into m. It returns io.EOF at the block's end, or a
// *SyntaxError, after whose line it goes on if it is called again.
func (d *Decoder) Next(m *Message) error {
	for d.pos < len(d.block) {
		d.b = d.block[d.pos:]
		if d.line++; !d.begun {
			d.begun = true
			if err := d.begin(); err != nil {
				return err
			}
		}
		start := space(d.b, 0)
		if d.b[start] == '{' {
			return d.message(m, start)
		}
		switch d.b[start] {
		case sentinel:
		case '[':
			d.skipped.Arrays++
		default:
			d.skipped.Text++
		}
		d.pos += bytes.IndexByte(d.b, sentinel) + 1
	}
	return io.EOF
}

// begin looks at the first bytes of the input.
func (d *Decoder) begin() error {
	if problem := notLines(d.b); problem != "" {
		d.pos += bytes.IndexByte(d.b, sentinel) + 1
		return &SyntaxError{Line: d.line, Problem: problem}
	}
	if bytes.HasPrefix(d.b, []byte(byteOrderMark)) {
		d.b = d.b[len(byteOrderMark):]
		d.pos += len(byteOrderMark)
	}
	return nil
}

// message reads the line whose object begins at start.
func (d *Decoder) message(m *Message, start int) error {
	m.Line = d.line
	m.Record = Record{} // by itself: in a list of assignments it would be made elsewhere and copied
	d.m, d.scratch, d.usual = m, d.scratch[:0], false
	var i int
	if d.layout, i = d.layouts.match(d.b, m); d.layout != nil {
		if i = d.data(space(d.b, i)); i > 0 {
			if end := d.usualTail(i); end > 0 {
				d.usual = true
				d.pos += end + 1
				return nil
			}
			d.reset()
			if i = membersAfter(d.b, i, d.recordMember); i > 0 {
				i = membersAfter(d.b, i, d.topMember)
			}
		}
	} else {
		m.Type = ""
		d.reset()
		i = object(d.b, start, d.topMember)
	}
	if i < 0 {
		return d.syntaxError(^i, "")
	}
	if i = space(d.b, i); d.b[i] != sentinel {
		return d.syntaxError(i, trailing(d.b[i]))
	}
	m.State.raw = d.b[:i]
	d.pos += i + 1
	d.count(m)
	return d.complete(m)
}

// reset forgets what earlier lines left in places that a record of the usual form never touches.
func (d *Decoder) reset() {
	d.m.State, d.m.Trace, d.faults, d.typed = State{}, Trace{}, faults{}, typeAbsent
}

// usualTail scans what follows the data of most records, emitted_at and the braces, and completes
// the record. It returns the line's end; 0 if something else follows, or the record is not
// complete.
func (d *Decoder) usualTail(i int) int {
	const name = `,"emitted_at":`
	r := &d.m.Record
	if r.Data[0] != '{' || d.m.Type != TypeRecord || !bytes.HasPrefix(d.b[i:], []byte(name)) {
		return 0
	}
	start := i + len(name)
	end := number(d.b, start)
	if end < 0 || d.b[end] != '}' || d.b[end+1] != '}' || d.b[end+2] != sentinel {
		return 0
	}
	r.EmittedAt = d.b[start:end]
	d.fields()
	return end + 2
}

// fields hands over what the layout has found in the record's data.
func (d *Decoder) fields() {
	if l := d.layout; l != nil && l.lookup != nil && !l.stray {
		d.m.Record.Fields = l.values
	}
}

// topMember scans a payload into an empty one: of a key that comes twice the last counts, whole.
func (d *Decoder) topMember(key []byte, i int) int {
	switch string(d.plain(key)) {
	case "type":
		return d.typ(i)
	case "record":
		d.m.Record, d.faults.record = Record{}, fault{}
		return d.descend(i, 2, d.recordMember)
	case "state":
		return d.state(i)
	case "trace":
		d.m.Trace, d.faults.trace = Trace{seen: d.b[i] == '{'}, fault{}
		return d.descend(i, 2, d.traceMember)
	}
	return value(d.b, i, 1)
}

// descend scans a value whose members f wants to see if it is an object; null, mostly, it is
// otherwise.
func (d *Decoder) descend(i, depth int, f member) int {
	if d.b[i] != '{' {
		return value(d.b, i, depth-1)
	}
	return object(d.b, i, f)
}

func (d *Decoder) typ(i int) int {
	d.m.Type, d.typed = "", typeUnknown
	end := value(d.b, i, 1)
	if end < 0 || d.b[i] != '"' {
		return end
	}
	name := d.unquote(d.b[i:end])
	switch Type(name) {
	case TypeRecord:
		d.m.Type = TypeRecord
	case TypeState:
		d.m.Type = TypeState
	case TypeTrace:
		d.m.Type = TypeTrace
	}
	if d.m.Type != "" || otherTypes[string(name)] {
		d.typed = typeKnown
	}
	return end
}

func (d *Decoder) recordMember(key []byte, i int) int {
	switch string(d.plain(key)) {
	case "data":
		if d.layout = nil; len(d.m.Record.Stream) > 0 {
			d.layout = d.layouts.of(d.m.Record.Namespace, d.m.Record.Stream)
		}
		if d.layout != nil && d.typed != typeUnknown {
			d.layouts.remember(d.layout, d.b[:i], d.m, &d.faults)
		}
		return d.data(i)
	case "stream":
		return d.text(i, &d.m.Record.Stream, &d.faults.record, "record.stream")
	case "namespace":
		return d.text(i, &d.m.Record.Namespace, &d.faults.record, "record.namespace")
	case "emitted_at":
		return d.keep(i, '0', &d.m.Record.EmittedAt)
	case "meta":
		d.m.Record.Changes, d.m.Record.Rejection = nil, nil
		return d.descend(i, 3, d.metaMember)
	}
	return value(d.b, i, 2)
}

func (d *Decoder) metaMember(key []byte, i int) int {
	switch string(d.plain(key)) {
	case "changes":
		return d.keep(i, '[', &d.m.Record.Changes)
	case "rejection":
		return d.keep(i, '{', &d.m.Record.Rejection)
	}
	return value(d.b, i, 3)
}

func (d *Decoder) data(i int) int {
	var end int
	if d.layout != nil {
		end = d.layout.data(d.b, i, 2)
	} else {
		end = value(d.b, i, 2)
	}
	if end > 0 {
		d.m.Record.Data = d.b[i:end]
	}
	return end
}

// complete judges a line that is valid JSON by what its type asks for.
func (d *Decoder) complete(m *Message) error {
	var f fault
	switch m.Type {
	case TypeRecord:
		if f = d.faults.record; f.problem == "" && m.Record.Data == nil {
			f.set(0, "a RECORD without record.data")
		}
		if f.problem == "" && m.Record.Data[0] != '{' {
			f.set(d.offset(m.Record.Data), "record.data is not an object")
		}
		if f.problem == "" && len(m.Record.Stream) == 0 {
			f.set(0, "a RECORD without record.stream")
		}
		if d.layout != nil && d.layout.is(&m.Record) { // names may come after the data, or twice
			d.fields()
		}
	case TypeState:
		if f = d.faults.state; f.problem == "" && m.State.end == 0 {
			f.set(0, "a STATE without a state")
		}
		if f.problem == "" && m.State.Kind == StreamState && len(m.State.Stream) == 0 {
			f.set(0, "a STATE of type STREAM without state.stream.stream_descriptor.name")
		}
	case TypeTrace:
		f = d.faults.trace
	}
	if f.problem != "" {
		return &SyntaxError{Line: m.Line, Offset: f.at, Problem: f.problem}
	}
	return nil
}

// trailing says what is wrong if a line goes on after its object with the byte c; "" if that is no
// JSON in any place.
func trailing(c byte) string {
	if c == '{' || c == '[' {
		return "not valid JSON: a second value begins here: each message needs a line of its own"
	}
	return ""
}

// syntaxError says why the current line is not JSON; problem is "" if only the place is known. The
// stream is named if the line has said it by then.
func (d *Decoder) syntaxError(at int, problem string) error {
	d.pos += at + bytes.IndexByte(d.b[at:], sentinel) + 1
	if problem == "" {
		problem = problemAt(d.b, at)
	}
	if stream := d.m.Record.Stream; len(stream) > 0 {
		problem += fmt.Sprintf(" (in a record of stream %q)", stream)
	}
	return &SyntaxError{Line: d.line, Offset: at, Problem: problem}
}

// problemAt says why b[at] cannot be.
func problemAt(b []byte, at int) string {
	r, size := utf8.DecodeRune(b[at:])
	switch c := b[at]; {
	case c == sentinel:
		return "not valid JSON: the line ends too early"
	case r == utf8.RuneError && size == 1:
		return fmt.Sprintf("not valid JSON: byte 0x%02x is not valid UTF-8 here", c)
	case c == '{' || c == '[':
		return fmt.Sprintf("not valid JSON here, or nested deeper than %d levels", maxDepth)
	case notNumberAt(b[at:]) > 0:
		return notNumbersProblem
	}
	return fmt.Sprintf("not valid JSON: unexpected %q", r)
}
