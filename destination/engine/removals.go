package engine

import (
	"fmt"
	"iter"

	"destination-webhook/batching"
)

// removals goes over the rows that left a stream.
type removals struct {
	stream *Stream
	next   func() (*batching.Row, error, bool)
	stop   func()
}

// nextRemovals prepares the removals of the next stream that has some; nil if there is none.
func (e *Engine) nextRemovals() (*removals, error) {
	for e.swept < len(e.streams) {
		s := e.streams[e.swept]
		e.swept++
		if s.Audience == nil {
			continue
		}
		found, kept, err := s.Audience.CountUnseen(e.options.Policy)
		if err != nil {
			return nil, err
		}
		if kept != "" {
			e.options.Warn(fmt.Sprintf("stream %s: rows that left are not removed: %s", s.Route.Title(), kept))
		}
		if found {
			next, stop := iter.Pull2(s.Audience.Removals(s.encoder))
			return &removals{stream: s, next: next, stop: stop}, nil
		}
	}
	return nil, nil
}

// remove adds rows that left to the pipeline, until there are no more or the pipeline is full.
func (e *Engine) remove() error {
	for e.removals != nil && !e.pipeline.Full() {
		row, err, more := e.removals.next()
		if err != nil {
			return err
		}
		if !more {
			e.removals.stop()
			e.removals = nil
			return nil
		}
		e.pipeline.Add(e.removals.stream.batches, row, e.now)
	}
	return nil
}
