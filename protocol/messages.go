package protocol

import (
	"bytes"
	"errors"
	"io"
)

// Messages are those of one block, decoded, so that one goroutine can decode a block while another
// one handles the messages of an earlier one. A record takes forty bytes here, as its spans are
// kept by their places in the block. The zero value is ready, and is used again for another block.
// It belongs to whoever received it last.
type Messages struct {
	// First is the number of lines before the block. It is for the owner to set, once those are
	// counted.
	First int64
	// Lines is the number of lines that were read, and Skipped those of them that are no messages.
	Lines   int64
	Skipped Skipped

	block  []byte
	items  []item
	fields []place // of the records, one after the other
	others []Message
	err    error // of the line after the last message

	at, field, other int          // how much of each Next has handed out
	stream           *recordNames // of the record that it handed out last; nil: not known
	values           [][]byte
}

// item is one message. A record has a stream; any other message is in others, and so is a record
// with a Fault.
type item struct {
	stream                 *recordNames
	data, emitted, changes place
	rejection              place
	line                   uint32 // in the block, the first is 1
	fields                 uint32 // how many there are
}

// place is where a span is in its block; the zero value is a span that is nil.
type place struct{ start, end uint32 }

// recordNames is the stream of a record. It is never changed, as several goroutines read it.
type recordNames struct{ namespace, name []byte }

// Decode decodes the messages of a block, which has to end in a newline, until its end or the first
// error that is not the Fault of a record, and keeps both in ms, whose memory it uses again. The
// messages alias the block. A panic leaves in ms what was decoded before it.
func (d *Decoder) Decode(block []byte, ms *Messages) {
	*ms = Messages{block: block, items: ms.items[:0], fields: ms.fields[:0], others: ms.others[:0], values: ms.values}
	d.Reset(block)
	d.line, d.skipped = 0, Skipped{}
	defer d.finish(ms)
	for {
		err := d.Next(&d.own)
		if errors.Is(err, io.EOF) {
			return
		}
		switch {
		case err == nil:
			d.keepMessage(ms)
		case !d.keepFaulty(ms, err):
			ms.err = err
			return
		}
	}
}

// finish hands over the counts and lets go of the block, which may be of one long line.
func (d *Decoder) finish(ms *Messages) {
	ms.Lines, ms.Skipped = d.line, d.skipped
	d.block, d.b, d.own = nil, nil, Message{}
	if d.layout != nil {
		clear(d.layout.values)
	}
}

// Again returns the messages from the first one on, for another reader of the same block.
func (ms *Messages) Again() Messages {
	again := *ms
	again.at, again.field, again.other, again.stream, again.values = 0, 0, 0, nil, nil
	return again
}

// Release lets go of the block. No message of it may be used any more.
func (ms *Messages) Release() { ms.block = nil }

// Continue tells a new decoder that its first block is not the first one of the input.
func (d *Decoder) Continue() { d.begun = true }

// Fail makes err the error that Next returns after the messages.
func (ms *Messages) Fail(err error) { ms.err = err }

// keepMessage adds the current message. Types that a destination ignores are left out.
func (d *Decoder) keepMessage(ms *Messages) {
	m := &d.own
	switch m.Type {
	case TypeRecord:
		r := &m.Record
		ms.items = append(ms.items, item{})
		it := &ms.items[len(ms.items)-1]
		it.stream, it.line, it.fields = d.names(r), uint32(m.Line), uint32(len(r.Fields))
		it.data, it.emitted = ms.place(r.Data), ms.place(r.EmittedAt)
		it.changes, it.rejection = ms.place(r.Changes), ms.place(r.Rejection)
		for _, value := range r.Fields {
			ms.fields = append(ms.fields, ms.place(value))
		}
	case TypeState, TypeTrace:
		ms.items = append(ms.items, item{line: uint32(m.Line)})
		o := Message{Type: m.Type, State: m.State, Trace: m.Trace}
		for _, name := range []*[]byte{&o.State.Namespace, &o.State.Stream, &o.Trace.Namespace, &o.Trace.Stream, &o.Trace.Estimate.Namespace, &o.Trace.Estimate.Stream} {
			*name = bytes.Clone(*name) // it may be in scratch space
		}
		ms.others = append(ms.others, o)
	}
}

// names returns the stream of a record: that of its layout, mostly.
func (d *Decoder) names(r *Record) *recordNames {
	if l := d.layout; l != nil && (d.usual || l.is(r)) {
		return &l.names
	}
	return &recordNames{bytes.Clone(r.Namespace), bytes.Clone(r.Stream)}
}

// place returns where a span of the block is: every one has its end, and all memory after that, in
// common with the block.
func (ms *Messages) place(span []byte) place {
	if span == nil {
		return place{}
	}
	start := cap(ms.block) - cap(span)
	return place{uint32(start), uint32(start + len(span))}
}

func (ms *Messages) span(p place) []byte {
	if p.end == 0 {
		return nil
	}
	return ms.block[p.start:p.end]
}

// Next hands out the next message. It returns io.EOF at the end of the block, or the error that
// ended it. The message is valid until the next call, and what it aliases for as long as the block
// is.
func (ms *Messages) Next(m *Message) error {
	if ms.at == len(ms.items) {
		return ms.end()
	}
	it := &ms.items[ms.at]
	ms.at++
	if it.stream == nil {
		*m = ms.others[ms.other]
		ms.other++
		m.Record.Fault = ms.placed(m.Record.Fault)
	} else {
		m.Type = TypeRecord
		ms.record(it, &m.Record)
	}
	if m.Type == TypeRecord {
		ms.stream = it.stream
	}
	m.Line = ms.First + int64(it.line)
	return nil
}

// record sets each field of r by itself: to make a whole one and copy it takes longer.
func (ms *Messages) record(it *item, r *Record) {
	r.SameStream = it.stream == ms.stream
	r.Namespace, r.Stream = it.stream.namespace, it.stream.name
	r.Data, r.EmittedAt = ms.span(it.data), ms.span(it.emitted)
	r.Changes, r.Rejection = ms.span(it.changes), ms.span(it.rejection)
	r.Fields, r.Fault = ms.fieldsOf(it), nil
}

// fieldsOf returns the values of a record's fields.
func (ms *Messages) fieldsOf(it *item) [][]byte {
	if it.fields == 0 {
		return nil
	}
	ms.values = ms.values[:0]
	for range it.fields {
		ms.values = append(ms.values, ms.span(ms.fields[ms.field]))
		ms.field++
	}
	return ms.values
}

func (ms *Messages) end() error {
	if ms.err == nil {
		return io.EOF
	}
	if s := (*SyntaxError)(nil); errors.As(ms.err, &s) {
		return ms.placed(s)
	}
	return ms.err
}

// placed returns an error in the block as one in the input.
func (ms *Messages) placed(s *SyntaxError) *SyntaxError {
	if s == nil {
		return nil
	}
	return &SyntaxError{Line: ms.First + s.Line, Offset: s.Offset, Problem: s.Problem}
}
