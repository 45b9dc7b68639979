package destination

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"destination-webhook/batching"
	"destination-webhook/destination/answer"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/printable"
	"destination-webhook/protocol"
)

// shipment is one batch on its way. One goroutine uses it.
//
// Rows are delivered as parts, lists of rows of the batch in their order: first all of them, and where the endpoint refuses
// a part, its halves one after the other, until the rows at fault are alone. A part that was delivered is never sent
// again, and parts leave in the order of their rows, so that rows of one key never overtake each other. With k rows at fault
// among n that takes at most 2·k·⌈log₂ n⌉ + 1 requests: each row at fault makes at most ⌈log₂ n⌉ parts fail that
// hold other rows, and each of those is followed by two.
type shipment struct {
	*sender
	route    *route
	batch    *batching.Batch
	rejected []rejection
	body     []byte // of a part
}

// rejection is a row that the endpoint does not want.
type rejection struct {
	row    int
	status int // of the answer; 0: the row was never sent
	reason string
	id     string // Webhook-Id of the request that was answered
}

// deliver brings all rows to the endpoint, but for the silent ones: those without a key, which are rejected, and those that
// only the snapshot is to know of.
func (s *shipment) deliver(ctx context.Context) error {
	rows, silent := make([]int, 0, s.batch.Rows()), s.batch.Suppressed()
	for i := range s.batch.Rows() {
		if len(silent) == 0 || silent[0] != i {
			rows = append(rows, i)
			continue
		}
		silent = silent[1:]
		if s.key(i) == nil {
			if err := s.reject(rejection{row: i, reason: "it has no value for its primary key"}); err != nil {
				return err
			}
		}
	}
	return s.part(ctx, rows, true)
}

// part delivers some rows; retry says whether the endpoint may ask for single ones again.
func (s *shipment) part(ctx context.Context, rows []int, retry bool) error {
	if len(rows) == 0 {
		return nil
	}
	body := s.bodyOf(rows)
	if len(rows) > 1 && !s.client.Fits(s.route.url, len(body)) {
		return s.halves(ctx, rows, retry)
	}
	r := request(s.route, body)
	response, err := s.client.Deliver(ctx, r)
	if err == nil {
		s.stats.answered(s.batch.Stream.Index, response.Attempts, response.Latency)
		return s.delivered(ctx, rows, response, r.ID, retry)
	}
	f := (*delivery.Failure)(nil)
	if !errors.As(err, &f) || f.Kind != answer.Refused && f.Kind != answer.TooLarge {
		return undelivered(s.route, len(rows), err)
	}
	s.stats.answered(s.batch.Stream.Index, f.Attempts, 0)
	if len(rows) > 1 {
		return s.halves(ctx, rows, retry)
	}
	return s.reject(rejection{row: rows[0], status: f.Status, reason: f.Error(), id: r.ID})
}

func (s *shipment) halves(ctx context.Context, rows []int, retry bool) error {
	half := len(rows) / 2
	if err := s.part(ctx, rows[:half], retry); err != nil {
		return err
	}
	return s.part(ctx, rows[half:], retry)
}

// bodyOf is the envelope around the rows: the batch's own where it is all of them. It is valid until the next call.
func (s *shipment) bodyOf(rows []int) []byte {
	if len(rows) == s.batch.Rows() {
		return s.batch.Body
	}
	s.body = s.batch.AppendBody(s.body[:0], rows)
	return s.body
}

// delivered settles rows that were answered with 2xx, by the answer's verdict on single ones where there is one.
func (s *shipment) delivered(ctx context.Context, rows []int, response *delivery.Response, id string, retry bool) error {
	if err := unread(s.route, response); err != nil {
		return undelivered(s.route, len(rows), err)
	}
	verdicts := answer.ParseVerdicts(response.Body)
	if len(verdicts) == 0 {
		s.accept(rows)
		return nil
	}
	refused, again := s.judge(rows, verdicts, retry)
	var accepted, repeat []int
	repeated := make(map[uint64]bool) // keys: what follows a repeated row of the same key is repeated behind it
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
	s.accept(accepted) // before the rejections, which are hopeless where nothing was accepted
	for _, place := range slices.Sorted(maps.Keys(refused)) {
		text := fmt.Sprintf("%s rejected the row in its answer (%d): %s", host(s.route.url), response.Status, printable.Excerpt([]byte(refused[place]), s.redact))
		if err := s.reject(rejection{row: rows[place], status: response.Status, reason: text, id: id}); err != nil {
			return err
		}
	}
	return s.part(ctx, repeat, false)
}

// judge sorts the rows that a verdict speaks of, by their place in rows: refused with a reason, or wanted once more.
func (s *shipment) judge(rows []int, verdicts []answer.Verdict, retry bool) (refused map[int]string, again map[int]bool) {
	refused, again = make(map[int]string), make(map[int]bool)
	named := answer.NewRows(len(rows), func(place int) []byte { return s.key(rows[place]) })
	for i := range verdicts {
		v := &verdicts[i]
		for _, place := range named.Places(v) {
			if v.Retry && retry {
				again[place] = true
			} else {
				refused[place] = v.Reason
			}
		}
	}
	return refused, again
}

// accept counts rows that the endpoint has taken.
func (s *shipment) accept(rows []int) {
	s.tallies[s.batch.Stream.Index].accepted.Add(int64(len(rows)))
}

// hopeless is how many single rows of a stream an endpoint may refuse without accepting one, before the sync stops: a whole
// table is not to end as dead letters.
const hopeless = 20

// reject puts a row aside, or ends the sync where rows may not be.
func (s *shipment) reject(r rejection) error {
	if s.letters == nil {
		return failure.Config(fmt.Errorf("stream %s: the row %s was refused, and on_rejected_rows is fail: %s; mend the row or the endpoint, or set on_rejected_rows to dead_letter",
			s.route.title(), s.keyed(r.row), r.reason))
	}
	t := &s.tallies[s.batch.Stream.Index]
	if n := t.refused.Add(1); n >= hopeless && t.accepted.Load() == 0 {
		return failure.Config(fmt.Errorf("stream %s: the endpoint refused each of %d single rows and accepted none, so the rest is not tried; the last is the row %s: %s",
			s.route.title(), n, s.keyed(r.row), r.reason))
	}
	s.rejected = append(s.rejected, r)
	return nil
}

// maxKey bounds what a message shows of a primary key, in bytes.
const maxKey = 100

// keyed names a row for people by its primary key, which is whatever the source made it.
func (s *shipment) keyed(row int) string {
	key := s.key(row)
	if key == nil {
		return "without a primary key"
	}
	return fmt.Sprintf("with primary key %s", printable.Line(s.redact(string(bytes.Trim(key, `"`))), maxKey))
}

// rowFields are the members of a row that are needed again.
var rowFields = protocol.NewLookup([]string{"data"}, []string{"primary_key"}, []string{"operation"})

// key is the row's primary key as it was sent; nil where it has none.
func (s *shipment) key(row int) []byte { return rowFields.Find(s.batch.Row(row), nil)[1] }

// settle stores the rejected rows as dead letters and returns their places in order. A row that was found to have left is no
// record of the source and has no letter; its removal stays due in the snapshot.
func (s *shipment) settle(ctx context.Context) ([]int, error) {
	if len(s.rejected) == 0 {
		return nil, nil
	}
	slices.SortFunc(s.rejected, func(a, b rejection) int { return a.row - b.row })
	var lines []byte
	rows := make([]int, len(s.rejected))
	for i := range s.rejected {
		rows[i] = s.rejected[i].row
		if note := s.note(rows[i]); len(note) > 0 {
			lines = s.appendLetter(lines, note, &s.rejected[i])
		}
	}
	if len(lines) > 0 {
		if err := s.letters.Write(ctx, lines); err != nil {
			return nil, fmt.Errorf("stream %s: %d rejected rows could not be stored as dead letters: %w", s.route.title(), len(rows), err)
		}
	}
	s.report(s.rejected)
	return rows, nil
}

// unread is the error of a verdict that goes on after what is read of an answer: the rows that it names there would count
// as delivered.
func unread(r *route, response *delivery.Response) error {
	if !response.Truncated || !delivery.IsObject(response.Body) {
		return nil
	}
	return failure.Config(fmt.Errorf("%s answered %d with a JSON object of more than %d MiB, which could reject rows and is not read: answer with less, or lower batching.max_rows",
		host(r.url), response.Status, delivery.MaxObject>>20))
}
