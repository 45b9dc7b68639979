package sender

import (
	"context"
	"net/http"

	"destination-webhook/batching"
	"destination-webhook/destination/answer"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
)

// Part is rows of a batch, in their order, that go to one endpoint in one request, or in several if
// it is refused.
type Part struct {
	Rows []int
	To   *route.Endpoint
	URL  string

	// repetition counts the answers in which the endpoint asked for the rows, or for rows that they
	// follow.
	repetition int
}

// First returns the part that the first of some rows begins. The error says why there is no URL for
// that row.
func First(r *route.Route, b *batching.Batch, rows []int) (Part, error) {
	if r.Uniform() {
		address, err := r.Address(&r.Endpoint, nil, nil)
		return Part{Rows: rows, To: &r.Endpoint, URL: address}, err
	}
	first := payload.ReadRow(b, rows[0])
	p := Part{To: r.To(string(first.Operation))}
	n := 1
	if !p.To.NamesRow() {
		for n < len(rows) && r.To(string(payload.ReadRow(b, rows[n]).Operation)) == p.To {
			n++
		}
	}
	p.Rows = rows[:n]
	var err error
	p.URL, err = r.Address(p.To, first.PrimaryKey, first.Data)
	return p, err
}

// Body returns the body of a request with the part's rows; nil if it has none.
func (p *Part) Body(b *batching.Batch) []byte { return p.appendBody(nil, b) }

// appendBody appends the body of a request to dst, unless it is that of the whole batch.
func (p *Part) appendBody(dst []byte, b *batching.Batch) []byte {
	switch {
	case p.To.Bodyless:
		return nil
	case len(p.Rows) == b.Rows():
		return b.Body
	}
	return b.AppendBody(dst, p.Rows)
}

// of returns the part with some of its rows.
func (p Part) of(rows []int) Part {
	p.Rows = rows
	return p
}

// direct sends rows to where each of them goes: rows in a row with the same endpoint together. What
// goes to different endpoints is sent one after the other, so that rows of one key never overtake
// each other.
func (s *batchSend) direct(ctx context.Context, rows []int) error {
	for len(rows) > 0 {
		p, err := First(s.stream.route, s.batch, rows)
		if err != nil {
			reason := err.Error()
			if err := s.reject(rejection{row: rows[0], reason: reason}); err != nil {
				return err
			}
			rows = rows[1:]
			continue
		}
		if err := s.part(ctx, p); err != nil {
			return err
		}
		rows = rows[len(p.Rows):]
	}
	return nil
}

// rules returns how the answers to a part are read. That a row to be removed is not there is what
// its removal is for; but only if the URL is the row's own: else the URL itself may be wrong.
func (s *batchSend) rules(p Part) *answer.Rules {
	if p.To.NamesRow() && s.row(p.Rows[0]).Operation == payload.Removed {
		return s.stream.route.Answers.Also(http.StatusNotFound, http.StatusGone)
	}
	return s.stream.route.Answers
}

// row returns a row as it was written.
func (s *batchSend) row(i int) payload.Row { return payload.ReadRow(s.batch, i) }

// key returns the row's primary key as it was sent; nil if it has none.
func (s *batchSend) key(i int) []byte { return s.row(i).PrimaryKey }
