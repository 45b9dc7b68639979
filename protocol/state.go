package protocol

import (
	"bytes"
	"strconv"
)

// StateKind is the scope that a STATE speaks for.
type StateKind uint8

const (
	// LegacyState speaks for the whole sync; a STATE without a type is one.
	LegacyState StateKind = iota
	// StreamState speaks for one stream.
	StreamState
	// GlobalState speaks for the whole sync.
	GlobalState
)

// State is the payload of a STATE message, and the line it came in.
type State struct {
	Kind      StateKind
	Namespace []byte // of a StreamState
	Stream    []byte // of a StreamState

	Additional *AdditionalStats // written with the state; nil: none

	raw   []byte
	empty bool // the state object has no member
	end   int  // of the state object: where its closing brace is
	stats span // the value of the destinationStats it came with
}

type span struct{ start, end int }

// Size is the length of the line in bytes.
func (s *State) Size() int { return len(s.raw) }

// Clone returns a copy that does not alias the decoder's block.
func (s *State) Clone() State {
	c := *s
	c.raw = bytes.Clone(s.raw)
	c.Namespace, c.Stream = bytes.Clone(s.Namespace), bytes.Clone(s.Stream)
	return c
}

// AppendLine appends the line as it came, with destinationStats added or replaced, and a newline.
// records and rejected are how many records of the scope were delivered and refused since its
// previous STATE. The protocol declares both as doubles, and the platform's parser wants to see the
// decimal point.
func (s *State) AppendLine(dst []byte, records, rejected int64) []byte {
	before, after := s.around()
	return append(append(s.appendStats(append(dst, before...), records, rejected), after...), '\n')
}

// around returns what the line has before and after its destinationStats.
func (s *State) around() (before, after []byte) {
	if s.stats.start == 0 {
		return s.raw[:s.end], s.raw[s.end:]
	}
	return s.raw[:s.stats.start], s.raw[s.stats.end:]
}

// appendStats appends destinationStats: the value, and the name if the line has none.
func (s *State) appendStats(dst []byte, records, rejected int64) []byte {
	if s.stats.start == 0 {
		if !s.empty {
			dst = append(dst, ',')
		}
		dst = append(dst, `"destinationStats":`...)
	}
	dst = append(dst, `{"recordCount":`...)
	dst = append(strconv.AppendInt(dst, records, 10), ".0"...)
	if rejected > 0 {
		dst = append(dst, `,"rejectedRecordCount":`...)
		dst = append(strconv.AppendInt(dst, rejected, 10), ".0"...)
	}
	return append(s.Additional.append(dst), '}')
}

// state scans the state object at i.
func (d *Decoder) state(i int) int {
	d.m.State, d.faults.state = State{empty: true}, fault{}
	end := d.descend(i, 2, d.stateMember)
	if end > 0 && d.b[i] == '{' {
		d.m.State.end = end - 1
	}
	return end
}

func (d *Decoder) stateMember(key []byte, i int) int {
	s := &d.m.State
	s.empty = false
	switch string(d.plain(key)) {
	case "type":
		return d.stateKind(i)
	case "stream":
		s.Namespace, s.Stream = nil, nil
		return d.descend(i, 3, d.streamStateMember)
	case "destinationStats":
		end := value(d.b, i, 2)
		s.stats = span{i, end}
		return end
	}
	return value(d.b, i, 2)
}

// stateKind reads the scope. One that is not known is taken for the widest, which is the safe side:
// such a state waits for every record before it.
func (d *Decoder) stateKind(i int) int {
	var name []byte
	end := d.text(i, &name, &d.faults.state, "state.type")
	switch string(name) {
	case "STREAM":
		d.m.State.Kind = StreamState
	case "GLOBAL":
		d.m.State.Kind = GlobalState
	default:
		d.m.State.Kind = LegacyState
	}
	return end
}

func (d *Decoder) streamStateMember(key []byte, i int) int {
	if string(d.plain(key)) == "stream_descriptor" {
		return d.descriptor(i, &d.m.State.Namespace, &d.m.State.Stream, &d.faults.state)
	}
	return value(d.b, i, 3)
}
