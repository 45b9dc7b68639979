package sender

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/printable"
	"destination-webhook/protocol"
)

// delivered resolves rows that were answered with 2xx, by the answer's verdicts on single ones if
// there are any.
func (s *batchSend) delivered(ctx context.Context, p Part, response *delivery.Response, id string) error {
	rows := p.Rows
	if err := unread(p, s.rules(p), response); err != nil {
		return undelivered(s.stream.route, len(rows), err)
	}
	verdicts, err := s.read(p, response)
	if err != nil {
		return undelivered(s.stream.route, len(rows), s.described(p, response, err))
	}
	if len(verdicts) == 0 {
		s.accept(rows, id)
		return nil
	}
	refused, again := s.judge(rows, verdicts)
	accepted, repeat := s.split(rows, refused, again)
	s.accept(accepted, id) // before the rejections, which end the sync if nothing was accepted
	if err := s.rejectNamed(p, refused, response.Status, id); err != nil {
		return err
	}
	if err := s.tryOthers(ctx); err != nil {
		return err
	}
	p.Rows, p.repetition = repeat, p.repetition+1
	return s.part(ctx, p)
}

// rejectNamed puts aside the rows that an answer rejects, by their places in the part.
func (s *batchSend) rejectNamed(p Part, refused map[int]string, status int, id string) error {
	var rejections []rejection
	for _, place := range slices.Sorted(maps.Keys(refused)) {
		text := fmt.Sprintf("%s rejected the row in its answer (%d): %s",
			printable.Host(p.URL), status, printable.Excerpt([]byte(refused[place]), s.stream.options.Redact))
		rejections = append(rejections, rejection{row: p.Rows[place], status: status, reason: text, id: id})
	}
	return s.rejectAll(rejections)
}

// read reads what the answer says of single rows.
func (s *batchSend) read(p Part, response *delivery.Response) ([]answer.Verdict, error) {
	named := answer.NewRows(len(p.Rows), func(place int) []byte { return s.key(p.Rows[place]) })
	return s.rules(p).ReadVerdicts(response.Status, response.Header.Get("Content-Encoding"), response.Body, named)
}

// described returns the error of an answer that could reject rows and cannot be read, for people:
// its rows would be lost if they counted as delivered.
func (s *batchSend) described(p Part, response *delivery.Response, err error) error {
	var unclear *answer.Unclear
	if !errors.As(err, &unclear) {
		return err
	}
	return failure.Config(fmt.Errorf("%s answered %d, and its list of rejected rows cannot be read: %s: %s; answer as docs/payload.md describes, or say in answers.rejected_rows how this endpoint names them",
		printable.Host(p.URL), response.Status, unclear.Problem, printable.Excerpt(unclear.Quote, s.stream.options.RedactCut)))
}

// judge sorts verdicts by the place of their row: refused with a reason, or wanted once more. A row
// that the endpoint has asked for before is refused, so that every row is repeated at most once for
// its own sake and once for each row that it follows.
func (s *batchSend) judge(rows []int, verdicts []answer.Verdict) (refused map[int]string, again map[int]bool) {
	refused, again = make(map[int]string), make(map[int]bool)
	for _, v := range verdicts {
		if v.Retry && !s.repeated[rows[v.Place]] {
			again[v.Place] = true
		} else {
			refused[v.Place] = v.Reason
		}
	}
	for place := range again {
		if s.repeated == nil {
			s.repeated = make(map[int]bool)
		}
		s.repeated[rows[place]] = true
	}
	return refused, again
}

// split returns the rows that are accepted and those to be sent once more. What follows a repeated
// row of the same key is repeated after it.
func (s *batchSend) split(rows []int, refused map[int]string, again map[int]bool) (accepted, repeat []int) {
	repeated := make(map[uint64]bool) // hashes of keys
	for place, row := range rows {
		key := s.batch.Key(row)
		_, bad := refused[place]
		switch {
		case bad:
		case again[place] || key != 0 && repeated[key]:
			repeated[key] = true
			repeat = append(repeat, row)
		default:
			accepted = append(accepted, row)
		}
	}
	return accepted, repeat
}

// accept counts rows of a request that the endpoint has taken.
func (s *batchSend) accept(rows []int, id string) {
	s.stream.accepted.Add(int64(len(rows)))
	var operations protocol.RowCounts
	if len(rows) == s.batch.Rows() && !s.batch.HasSet() {
		operations = s.batch.Operations()
		s.begun.Add(operations)
		s.acceptedBytes += s.sizeOfAll()
	} else {
		for _, row := range rows {
			operations[payload.OperationOf(s.batch, row)]++
			s.begun[s.batch.Operation(row)]++
			s.acceptedBytes += s.size(row)
		}
	}
	s.accepted.Add(operations)
	if s.stream.tally != nil {
		s.stream.tally.Accept(id, Rows(operations))
	}
}

// unread returns the error of a verdict that goes on after what is read of an answer: the rows that
// it names there would count as delivered.
func unread(p Part, rules *answer.Rules, response *delivery.Response) error {
	if !response.Truncated || !rules.ReadsWhole(response.Status, response.Body) {
		return nil
	}
	return failure.Config(fmt.Errorf("%s answered %d with more than %d MiB, which could reject rows and is not read: answer with less, or lower batching.max_rows",
		printable.Host(p.URL), response.Status, delivery.MaxObject>>20))
}
