package sender

import (
	"context"

	"destination-webhook/destination/delivery"
)

// divide delivers the first rows of a part, whose number is given, and then the others.
func (s *batchSend) divide(ctx context.Context, p Part, first int) error {
	if err := s.part(ctx, p.of(p.Rows[:first])); err != nil {
		return err
	}
	return s.part(ctx, p.of(p.Rows[first:]))
}

// bisect delivers the halves of a part that failed. If all of its rows pass then, it may have been
// too large, unless that holds for one of its parts already.
func (s *batchSend) bisect(ctx context.Context, p Part, f *delivery.Failure) error {
	rejected, suspects := len(s.rejected), s.suspects
	if err := s.divide(ctx, p, len(p.Rows)/2); err != nil {
		return err
	}
	if len(s.rejected) == rejected && s.suspects == suspects && s.stream.options.Client.Passed(f, p.URL) {
		s.suspects++
	}
	return nil
}
