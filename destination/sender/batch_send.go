package sender

import (
	"context"
	"errors"

	"destination-webhook/batching"
	"destination-webhook/destination/answer"
	"destination-webhook/destination/audience"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/payload"
)

// batchSend is one batch on its way. One goroutine uses it.
//
// Rows are delivered as parts, lists of rows of the batch in their order: first all of them, and if
// the endpoint refuses a part, its halves one after the other, until the rows at fault are alone. A
// part that was delivered is never sent again, and parts leave in the order of their rows, so that
// rows of one key never overtake each other; only tryOthers sends rows before their turn, each the
// first of its key. With k rows at fault among n that takes at most
// 2·k·⌈log₂ n⌉ + 1 requests: each row at fault makes at most ⌈log₂ n⌉ parts fail that hold other
// rows, and each of those is followed by two. tryOthers adds at most maxRejectsWithoutSuccess.
type batchSend struct {
	stream       *Stream
	batch        *batching.Batch
	confirmation *audience.Confirmation // nil if the stream is not compared
	rejected     []rejection
	accepted     int          // rows that the endpoint has taken
	repeated     map[int]bool // rows that the endpoint has asked for once more
	tried        map[int]bool // rows that were sent before their turn, see tryOthers
	trying       bool
	suspects     int    // requests that may have been too large, see bisect
	body         []byte // of a part
}

// run delivers the batch and settles its rows: in the snapshot, if there is one, and as dead
// letters, if rows are rejected.
func (s *batchSend) run(ctx context.Context) (rejected []int, err error) {
	if s.stream.audience != nil {
		if s.confirmation, err = s.stream.audience.Begin(ctx, s.batch); err != nil {
			return nil, err
		}
	}
	err = s.deliver(ctx)
	rejected, stored := s.storeRejected(ctx)
	if err = errors.Join(err, stored); err != nil || s.confirmation == nil {
		return rejected, err
	}
	if err := s.confirmation.Confirm(rejected, s.batch.Suppressed()); err != nil {
		return nil, err
	}
	return rejected, nil
}

// deliver brings all rows to the endpoint, except the suppressed ones: those without a key, which
// are rejected, and those that only the snapshot is to know of.
func (s *batchSend) deliver(ctx context.Context) error {
	rows, suppressed := make([]int, 0, s.batch.Rows()), s.batch.Suppressed()
	for i := range s.batch.Rows() {
		if len(suppressed) == 0 || suppressed[0] != i {
			rows = append(rows, i)
			continue
		}
		suppressed = suppressed[1:]
		if s.key(i) == nil {
			if err := s.reject(rejection{row: i, reason: "it has no value for its primary key"}); err != nil {
				return err
			}
		}
	}
	return s.part(ctx, rows, 0)
}

// part delivers some rows. repetition counts the answers in which the endpoint asked for them, or
// for rows that they follow.
func (s *batchSend) part(ctx context.Context, rows []int, repetition int) error {
	if rows = s.untried(rows); len(rows) == 0 {
		return nil
	}
	o, r := s.stream.options, s.stream.route
	body := s.bodyOf(rows)
	if most := o.Client.Fitting(r.URL, len(body), len(rows)); most < len(rows) {
		return s.divide(ctx, rows, most, repetition)
	}
	request := s.request(body, rows, repetition)
	response, err := o.Client.Deliver(ctx, request)
	if err == nil {
		return s.delivered(ctx, rows, response, request.ID, repetition)
	}
	f := (*delivery.Failure)(nil)
	if !errors.As(err, &f) || f.Kind != answer.Refused && f.Kind != answer.TooLarge && f.Kind != answer.Severed {
		return undelivered(r, len(rows), err)
	}
	return s.refused(ctx, rows, f, request.ID, repetition)
}

// divide delivers so many of the rows and then the others.
func (s *batchSend) divide(ctx context.Context, rows []int, first, repetition int) error {
	if err := s.part(ctx, rows[:first], repetition); err != nil {
		return err
	}
	return s.part(ctx, rows[first:], repetition)
}

// bisect delivers the halves of a request that failed. If all of its rows pass then, it may have been
// too large, unless that holds for one of its parts already.
func (s *batchSend) bisect(ctx context.Context, rows []int, repetition int, f *delivery.Failure) error {
	rejected, suspects := len(s.rejected), s.suspects
	if err := s.divide(ctx, rows, len(rows)/2, repetition); err != nil {
		return err
	}
	if len(s.rejected) == rejected && s.suspects == suspects && s.stream.options.Client.Passed(f, s.stream.route.URL) {
		s.suspects++
	}
	return nil
}

// bodyOf returns the envelope around the rows: the batch's own if it is all of them. It is valid
// until the next call.
func (s *batchSend) bodyOf(rows []int) []byte {
	if len(rows) == s.batch.Rows() {
		return s.batch.Body
	}
	s.body = s.batch.AppendBody(s.body[:0], rows)
	return s.body
}

// request is the delivery of a body with some rows.
func (s *batchSend) request(body []byte, rows []int, repetition int) delivery.Request {
	r := s.stream.route
	id := s.stream.names.WebhookID(body, s.stream.audience.Replaced(s.batch, rows), repetition)
	return delivery.Request{
		Method: r.Method, URL: r.URL, Header: r.Header, ID: id, Body: body, Rows: len(rows), Answers: r.Answers,
		OnAttempt: func(a delivery.Attempt) { s.stream.options.Observer.Attempted(r, len(rows), a) },
	}
}

// key returns the row's primary key as it was sent; nil if it has none.
func (s *batchSend) key(row int) []byte { return payload.ReadRow(s.batch.Row(row)).PrimaryKey }
