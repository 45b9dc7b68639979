package sender

import (
	"context"
	"errors"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/delivery"
)

// refused finds the rows at fault in a request that was refused: those that the answer names, or by
// halving.
func (s *batchSend) refused(ctx context.Context, rows []int, f *delivery.Failure, id string, repetition int) error {
	verdicts, err := s.namedBy(f.Answer, rows)
	switch {
	case err != nil:
		return undelivered(s.stream.route, len(rows), err)
	case len(verdicts) > 0:
		return s.withoutNamed(ctx, rows, verdicts, f, id, repetition)
	case len(rows) > 1:
		return s.bisect(ctx, rows, repetition, f)
	}
	if err := s.reject(rejection{row: rows[0], status: f.Status, reason: f.Error(), id: id}); err != nil {
		return err
	}
	return s.tryOthers(ctx)
}

// namedBy returns the rows that a refusal names, none if it cannot be read: halving finds them too.
func (s *batchSend) namedBy(response *delivery.Response, rows []int) ([]answer.Verdict, error) {
	rules := s.stream.route.Answers
	if response == nil || response.Truncated || rules == nil || rules.RejectedRows == nil {
		return nil, nil
	}
	verdicts, err := s.read(rows, response)
	if u := (*answer.Unclear)(nil); errors.As(err, &u) && u.Unread {
		return nil, nil
	}
	return verdicts, s.described(response, err)
}

// withoutNamed rejects the rows that a refusal names and delivers the others, which the endpoint
// has not taken. It ends: there are fewer rows each time, and each is asked for once more at most
// once.
func (s *batchSend) withoutNamed(ctx context.Context, rows []int, verdicts []answer.Verdict, f *delivery.Failure, id string, repetition int) error {
	refused, _ := s.judge(rows, verdicts)
	if err := s.rejectNamed(rows, refused, f.Status, id); err != nil {
		return err
	}
	if err := s.tryOthers(ctx); err != nil {
		return err
	}
	var rest []int
	for place, row := range rows {
		if _, bad := refused[place]; !bad {
			rest = append(rest, row)
		}
	}
	return s.part(ctx, rest, repetition+1)
}
