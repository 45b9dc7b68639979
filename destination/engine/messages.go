package engine

import (
	"errors"
	"fmt"
	"io"

	"destination-webhook/batching"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// receive takes the next block of the input.
func (e *Engine) receive(b block) error {
	if errors.Is(b.err, io.EOF) {
		e.ended = true
		return nil
	}
	if b.err != nil {
		return fmt.Errorf("reading stdin after line %d: %w", e.decoder.Line(), b.err)
	}
	e.block = b
	e.decoder.Reset(b.lines)
	return nil
}

// work takes messages from the block at hand until it ends or the pipeline is full.
func (e *Engine) work() error {
	for e.block.lines != nil && !e.pipeline.Full() {
		err := e.decoder.Next(&e.message)
		if err == nil {
			err = e.handle(&e.message)
		}
		if errors.Is(err, io.EOF) {
			e.input.release(e.block)
			e.block = block{}
			return nil
		}
		if err != nil {
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
	s := e.recent
	if s == nil || !s.Route.Is(record) {
		if s = e.find(record.Namespace, record.Stream); s == nil {
			return errUnknownStream(e.decoder.Line(), record)
		}
		e.recent = s
	}
	if s.OnRecord != nil {
		s.OnRecord()
	}
	row, err := s.encoder.Encode(record)
	if err != nil {
		return fmt.Errorf("line %d of the input: %w", e.decoder.Line(), err)
	}
	if row == nil {
		e.pipeline.Skip(s.batches)
		return nil
	}
	e.pipeline.Add(s.batches, row, e.now)
	return nil
}

// find returns a stream by its name, nil if the catalog has none.
func (e *Engine) find(namespace, name []byte) *Stream {
	return e.byName[protocol.StreamDescriptor{Namespace: string(namespace), Name: string(name)}]
}

func errUnknownStream(line int64, record *protocol.Record) error {
	return fmt.Errorf("line %d of the input: a RECORD of stream %s, which is not in the catalog: refresh the source's schema in the connection, or check the file given with --catalog",
		line, route.Title(protocol.StreamDescriptor{Namespace: string(record.Namespace), Name: string(record.Stream)}))
}

func (e *Engine) state(st *protocol.State) {
	var stream *batching.Stream
	if st.Kind == protocol.StreamState {
		stream = e.stray
		if s := e.find(st.Namespace, st.Stream); s != nil {
			stream = s.batches
		}
	}
	e.pipeline.State(st.Clone(), stream)
}

// trace notes whether a stream has been sent whole.
func (e *Engine) trace(t *protocol.Trace) {
	if s := e.find(t.Namespace, t.Stream); s != nil && s.Audience != nil {
		s.Audience.ObserveStatus(t)
	}
}
