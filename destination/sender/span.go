package sender

import "destination-webhook/destination/delivery"

// begin begins the span of a batch with a number of rows, if somebody records it.
func (s *Stream) begin(rows int) Span {
	if s.options.Tracer == nil {
		return nil
	}
	return s.options.Tracer.Batch(s.route, rows)
}

// ended tells that all of the batch is settled, or what was settled before it failed with err.
func (s *batchSend) ended(c Counts, err error) {
	s.stream.options.Observer.Settled(s.stream.route, c)
	if s.span != nil {
		s.span.Ended(c, err)
	}
}

// attempted tells of an attempt to deliver a number of rows.
func (s *batchSend) attempted(rows int, a delivery.Attempt) {
	s.stream.options.Observer.Attempted(s.stream.route, rows, a)
	if s.span != nil {
		told := a // so that an attempt that nobody records is not on the heap
		s.span.Attempted(rows, &told)
	}
}
