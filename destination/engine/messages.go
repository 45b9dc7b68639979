package engine

import (
	"errors"
	"fmt"
	"io"

	"destination-webhook/batching"
	"destination-webhook/destination/audience"
	"destination-webhook/protocol"
)

// receive takes the next block of the input.
func (e *Engine) receive(b block) {
	e.input.received(b)
	switch {
	case errors.Is(b.err, io.EOF):
		e.end(e.skipped.Err())
	case b.err != nil:
		e.end(fmt.Errorf("reading stdin after line %d: %w", e.input.before, b.err))
	default:
		e.block = b
		e.skipped.Add(b.messages.Skipped)
	}
}

// end ends the input, by a fault of it or of a line if err is not nil. The rest of the block is not
// looked at.
func (e *Engine) end(fault error) {
	e.ended, e.fault, e.block = true, fault, block{}
}

// work takes messages from the current block until it ends or the pipeline is full.
func (e *Engine) work() error {
	for e.block.lines != nil && !e.pipeline.Full() {
		if err := e.block.messages.Next(&e.message); err != nil {
			if !errors.Is(err, io.EOF) {
				return err
			}
			e.input.release(e.block)
			e.block = block{}
			return nil
		}
		if err := e.handle(&e.message); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) handle(m *protocol.Message) error {
	switch m.Type {
	case protocol.TypeRecord:
		return e.record(&m.Record)
	case protocol.TypeState:
		e.state(&m.State)
	case protocol.TypeTrace:
		e.trace(&m.Trace)
	}
	return nil
}

func (e *Engine) record(record *protocol.Record) error {
	digest := e.block.digest()
	s := e.recent
	if !record.SameStream {
		if s = e.names.find(record.Namespace, record.Stream); s == nil {
			return e.names.unknown(e.message.Line, "RECORD", record.Namespace, record.Stream)
		}
		e.recent = s
	}
	if record.Fault != nil && !e.options.DeadLetters {
		return record.Fault
	}
	e.records++
	if s.OnRecord != nil {
		s.OnRecord()
	}
	if s.encoder == nil {
		s.encoder = e.newEncoder(s)
	}
	row, err := s.encoder.EncodeDigested(record, digest)
	s.count(&s.Read, s.encoder.Operation())
	if err != nil {
		return fmt.Errorf("line %d of the input: %w", e.message.Line, err)
	}
	if row == nil {
		e.skip(s)
		return nil
	}
	if row.Key == 0 {
		row.Line = e.message.Line // names the row if it is rejected
	}
	e.pipeline.Add(s.batches, row, e.now)
	return nil
}

// skip counts the record that was encoded last, that need not be sent.
func (e *Engine) skip(s *Stream) {
	s.Skipped[s.encoder.Operation()]++
	e.pipeline.Skip(s.batches, s.encoder.Operation())
}

// state holds a state until its rows are settled. If its stream is not known, nobody knows which
// these are: it waits for all rows before it, as a GLOBAL state does.
func (e *Engine) state(st *protocol.State) {
	var stream *batching.Stream
	if st.Kind == protocol.StreamState {
		if s := e.names.find(st.Namespace, st.Stream); s != nil {
			stream = s.batches
		} else if !e.warned {
			e.warned = true
			e.options.Warn("a state of a stream that is not known, and others like it, wait for all rows before them",
				"error", e.names.unknown(e.message.Line, "STATE", st.Namespace, st.Stream))
		}
	}
	e.pipeline.State(st.Clone(), stream)
}

// trace notes whether a stream has been sent whole, and how much of it there will be.
func (e *Engine) trace(t *protocol.Trace) {
	if t.Estimate.Records > 0 {
		e.expected.note(&t.Estimate)
	}
	if !t.Complete && !t.Incomplete {
		return
	}
	if s := e.names.find(t.Namespace, t.Stream); s != nil {
		s.Status = audience.Status{Complete: t.Complete, Incomplete: t.Incomplete}
	}
}
