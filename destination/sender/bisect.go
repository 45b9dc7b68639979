package sender

import (
	"context"
	"errors"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/delivery"
)

// refused finds the rows at fault in a request that was refused: those that the answer names, or by
// halving.
func (s *batchSend) refused(ctx context.Context, p Part, f *delivery.Failure, id string) error {
	verdicts, err := s.namedBy(f.Answer, p)
	switch {
	case err != nil:
		return undelivered(s.stream.route, len(p.Rows), err)
	case len(verdicts) > 0:
		return s.withoutNamed(ctx, p, verdicts, f, id)
	case len(p.Rows) > 1:
		return s.bisect(ctx, p, f)
	}
	if err := s.reject(rejection{row: p.Rows[0], status: f.Status, reason: f.Error(), id: id}); err != nil {
		return err
	}
	return s.tryOthers(ctx)
}

// namedBy returns the rows that a refusal names, none if it cannot be read: halving finds them too.
func (s *batchSend) namedBy(response *delivery.Response, p Part) ([]answer.Verdict, error) {
	rules := s.stream.route.Answers
	if response == nil || response.Truncated || rules == nil || rules.RejectedRows == nil {
		return nil, nil
	}
	verdicts, err := s.read(p, response)
	if u := (*answer.Unclear)(nil); errors.As(err, &u) && u.Unread {
		return nil, nil
	}
	return verdicts, s.described(p, response, err)
}

// withoutNamed rejects the rows that a refusal names and delivers the others, which the endpoint
// has not taken. It ends: there are fewer rows each time, and each is asked for once more at most
// once.
func (s *batchSend) withoutNamed(ctx context.Context, p Part, verdicts []answer.Verdict, f *delivery.Failure, id string) error {
	refused, _ := s.judge(p.Rows, verdicts)
	if err := s.rejectNamed(p, refused, f.Status, id); err != nil {
		return err
	}
	if err := s.tryOthers(ctx); err != nil {
		return err
	}
	var rest []int
	for place, row := range p.Rows {
		if _, bad := refused[place]; !bad {
			rest = append(rest, row)
		}
	}
	p.Rows, p.repetition = rest, p.repetition+1
	return s.part(ctx, p)
}

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
