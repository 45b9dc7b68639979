package protocol

import (
	"bytes"
	"slices"
)

const (
	// maxPrefix bounds what is kept and compared, in bytes. PyAirbyte's, with a null for every
	// other payload, is about 200.
	maxPrefix = 4 << 10
	// maxLayouts bounds how many streams have a layout.
	maxLayouts = 4 << 10
	// maxRecent is how many prefixes a line is compared with.
	maxRecent = 8
)

// prefix is what a record's line held before its data, when nothing but type and names was in it.
// Most lines of a stream begin with the same bytes, so that one comparison replaces scanning them.
type prefix struct {
	line      []byte
	typ       Type
	namespace []byte
	stream    []byte
}

// match fills m from the prefix if the line begins with it, and returns where its data begins.
func (p *prefix) match(b []byte, m *Message) (int, bool) {
	if !bytes.HasPrefix(b, p.line) {
		return 0, false
	}
	m.Type, m.Record.Namespace, m.Record.Stream = p.typ, p.namespace, p.stream
	return len(p.line), true
}

// remember keeps the line up to its data for the lines to come, and reports whether it did. A
// prefix that holds more than match restores, or that holds a value which differs from line to
// line, is not worth keeping.
func (p *prefix) remember(line []byte, m *Message, f *faults) bool {
	r := &m.Record
	if len(line) > maxPrefix || r.EmittedAt != nil || r.Changes != nil || r.Rejection != nil || m.State.end != 0 || m.Trace.seen || *f != (faults{}) {
		return false
	}
	p.line = append(p.line[:0], line...)
	p.typ = m.Type
	p.namespace = append(p.namespace[:0], r.Namespace...)
	p.stream = append(p.stream[:0], r.Stream...)
	return true
}

// layouts are those of all streams. The zero value is ready.
type layouts struct {
	all    map[streamName]*layout
	keys   int
	recent []*layout // those of the last lines, the last one first
}

// of returns a stream's layout, which is made if there is none yet; nil if there are too many.
func (ls *layouts) of(namespace, name []byte) *layout {
	l := ls.all[streamName{string(namespace), string(name)}]
	if l != nil || len(ls.all) >= maxLayouts {
		return l
	}
	l = &layout{
		name: streamName{string(namespace), string(name)}, names: recordNames{bytes.Clone(namespace), bytes.Clone(name)},
		total: &ls.keys,
	}
	if ls.all == nil {
		ls.all = make(map[streamName]*layout)
	}
	ls.all[l.name] = l
	return l
}

// match finds the layout whose prefix the line begins with, and fills m by it; nil if there is
// none. i is where the line's data begins.
func (ls *layouts) match(b []byte, m *Message) (l *layout, i int) {
	for n, l := range ls.recent {
		if i, ok := l.prefix.match(b, m); ok {
			if n > 0 {
				ls.touch(l, n)
			}
			return l, i
		}
	}
	return nil, 0
}

// remember keeps the line up to its data as the prefix of its stream.
func (ls *layouts) remember(l *layout, line []byte, m *Message, f *faults) {
	if !l.prefix.remember(line, m, f) {
		return
	}
	n := slices.Index(ls.recent, l)
	if n < 0 {
		if len(ls.recent) < maxRecent {
			ls.recent = append(ls.recent, nil)
		}
		n = len(ls.recent) - 1
	}
	ls.touch(l, n)
}

// touch makes the layout, which takes place n of the recent ones, the first of them.
func (ls *layouts) touch(l *layout, n int) {
	copy(ls.recent[1:n+1], ls.recent[:n])
	ls.recent[0] = l
}
