package replay

import (
	"context"
	"io"

	"destination-webhook/destination/deadletter"
)

// Input returns the letters that are to be sent, a RECORD a line, the oldest first. Closing it ends
// the reading.
func (p *Plan) Input(ctx context.Context) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(p.eachSent(ctx, func(line []byte, at place) error {
			_, err := w.Write(append(p.asRejected(line, at), '\n'))
			return err
		}))
	}()
	return r
}

// asRejected gives a letter without a rejection one that names it by its place: a Webhook-Id tells
// letters apart by theirs.
func (p *Plan) asRejected(line []byte, at place) []byte {
	l, err := deadletter.Parse(line)
	if err != nil || !l.Rejection.At.IsZero() {
		return line
	}
	named := deadletter.Record{
		Stream: l.Stream, Data: l.Data, EmittedAt: l.EmittedAt, Changes: l.Changes, WebhookID: p.files[at.file].name, Line: int64(at.line) + 1,
	}
	text := named.Append(nil)
	return text[:len(text)-1]
}
