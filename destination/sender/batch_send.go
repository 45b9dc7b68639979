package sender

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"

	"destination-webhook/batching"
	"destination-webhook/destination/answer"
	"destination-webhook/destination/audience"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/payload"
	"destination-webhook/protocol"
)

// batchSend is one batch on its way. One goroutine uses it.
//
// Rows are delivered as parts, lists of rows of the batch in their order: first all that go to one
// endpoint, and if it refuses a part, its halves one after the other, until the rows at fault are
// alone. A part that was delivered is never sent again, and parts leave in the order of their rows,
// so that rows of one key never overtake each other; only tryOthers sends rows before their turn,
// each the first of its key. With k rows at fault among n that takes at most 2·k·⌈log₂ n⌉ + 1
// requests: each row at fault makes at most ⌈log₂ n⌉ parts fail that hold other rows, and each of
// those is followed by two. tryOthers adds at most maxRejectsWithoutSuccess.
type batchSend struct {
	stream        *Stream
	batch         *batching.Batch
	span          Span                   // nil: nobody records it
	confirmation  *audience.Confirmation // nil if the stream is not compared
	rejected      []rejection
	removals      int                // rejected rows that had left
	accepted      protocol.RowCounts // rows that the endpoint has taken
	begun         protocol.RowCounts // the same ones, see Counts.Settled
	acceptedBytes int                // of the same ones, in the batch's body
	repeated      map[int]bool       // rows that the endpoint has asked for once more
	tried         map[int]bool       // rows that were sent before their turn, see tryOthers
	trying        bool
	// The last row of each key, see isReplaced; nil: not looked for yet.
	last      map[uint64]int
	compacted []int // the rows that are sent, if others are replaced
	// Rows that are not sent, and the one that is sent in their place.
	replacedBy map[int]int
	suspects   int    // requests that may have been too large, see bisect
	body       []byte // of a part
	// The endpoint may have taken the request under way, whatever it answers at last.
	uncertain bool
	attempts  protocol.AdditionalStats // what the requests so far add to the counts
}

// run delivers the batch and settles its rows: in the snapshot, if there is one, and as dead
// letters, if rows are rejected.
func (s *batchSend) run(ctx context.Context) (rejected []int, err error) {
	if err := s.replaceWaiting(ctx); err != nil {
		return nil, err
	}
	if s.stream.audience != nil {
		if s.confirmation, err = s.stream.audience.Begin(ctx, s.batch); err != nil {
			return nil, err
		}
	}
	err = s.deliver(ctx)
	s.rejectReplaced()
	rejected, stored := s.storeRejected(ctx)
	if err == nil && stored == nil {
		stored = s.takeRetries(ctx)
	}
	if err = errors.Join(err, stored); err != nil || s.confirmation == nil {
		return rejected, err
	}
	if err := s.confirmation.Confirm(rejected, s.batch.Suppressed()); err != nil {
		return nil, err
	}
	return rejected, nil
}

// rowLists have the memory of the lists of all rows that batches send.
var rowLists = sync.Pool{New: func() any { return new([]int) }}

// deliver brings all rows to the endpoint, except the suppressed ones: those that are at fault by
// themselves, which are rejected, and those that only the snapshot is to know of.
func (s *batchSend) deliver(ctx context.Context) error {
	list := rowLists.Get().(*[]int)
	defer rowLists.Put(list)
	rows, suppressed := slices.Grow((*list)[:0], s.batch.Rows()), s.batch.Suppressed()
	*list = rows
	for i := range s.batch.Rows() {
		if len(suppressed) == 0 || suppressed[0] != i {
			rows = append(rows, i)
			continue
		}
		suppressed = suppressed[1:]
		if reason := payload.ReadMetadata(s.batch.Metadata(i)).Reason; reason != "" {
			if err := s.reject(rejection{row: i, reason: reason}); err != nil {
				return err
			}
		}
	}
	if s.stream.options.Compact && payload.Compacts(s.stream.route.Mode) {
		rows, s.replacedBy = payload.Compact(s.batch, rows)
		s.compacted = rows
	}
	return s.direct(ctx, rows)
}

// part delivers a part.
func (s *batchSend) part(ctx context.Context, p Part) error {
	if p.Rows = s.untried(p.Rows); len(p.Rows) == 0 {
		return nil
	}
	o, r := s.stream.options, s.stream.route
	body := s.bodyOf(p)
	if most := o.Client.Fitting(p.URL, len(body), len(p.Rows)); most < len(p.Rows) {
		return s.divide(ctx, p, most)
	}
	request := s.request(body, p)
	s.uncertain = false
	response, err := o.Client.Deliver(ctx, request)
	if err == nil {
		return s.delivered(ctx, p, response, request.ID)
	}
	if s.stream.tally != nil && s.uncertain {
		s.stream.tally.Supersede(request.ID)
	}
	f := (*delivery.Failure)(nil)
	if !errors.As(err, &f) || f.Kind != answer.Refused && f.Kind != answer.TooLarge && f.Kind != answer.Severed {
		return undelivered(r, len(p.Rows), err)
	}
	return s.refused(ctx, p, f, request.ID)
}

// bodyOf returns the body of a part. It is valid until the next call.
func (s *batchSend) bodyOf(p Part) []byte {
	body := p.appendBody(s.body[:0], s.batch)
	if len(p.Rows) < s.batch.Rows() && body != nil {
		s.body = body // for its memory
	}
	return body
}

// request is the delivery of a part, whose body is given.
func (s *batchSend) request(body []byte, p Part) delivery.Request {
	replaced := s.stream.audience.Replaced(s.batch, p.Rows)
	if replaced == nil {
		replaced = s.retries(p.Rows)
	}
	id := s.stream.names.WebhookID(p.To.Method, p.URL, body, replaced, s.rejections(p.Rows), p.repetition)
	return delivery.Request{
		Method: p.To.Method, URL: p.URL, Header: p.To.Header, ID: id, Body: body, Rows: len(p.Rows), Answers: s.rules(p),
		OnAttempt: func(a delivery.Attempt) {
			if mayBeTaken(a) {
				s.markUncertain()
			}
			s.count(a)
			s.attempted(len(p.Rows), a)
		},
	}
}

// markUncertain notes that the endpoint may have taken the rows of a request although an attempt
// failed.
func (s *batchSend) markUncertain() {
	s.uncertain = true
	if s.confirmation != nil {
		s.confirmation.MarkUncertain()
	}
}

func (s *batchSend) count(a delivery.Attempt) {
	s.attempts.Requests++
	s.attempts.Sent += int64(a.Bytes)
	if a.N > 1 {
		s.attempts.Retries++
	}
}

// mayBeTaken reports whether the endpoint may have taken the rows of an attempt that failed: it has
// not refused them.
func mayBeTaken(a delivery.Attempt) bool {
	return a.Err != nil && (a.Status < http.StatusMultipleChoices || a.Status >= http.StatusInternalServerError || a.Status == http.StatusRequestTimeout)
}

// stats are the numbers of a settled batch that go out with a state.
func (s *batchSend) stats(c Counts) protocol.AdditionalStats {
	total := s.attempts
	total.Delivered, total.Rejected, total.Skipped = c.Accepted, c.Rejected, c.Suppressed
	total.Replaced = int64(c.Replaced)
	total.Bytes = int64(c.Bytes)
	if c.Bytes > 0 {
		total.Batches = 1
	}
	return total
}
