package replay

import (
	"context"
	"io"
)

// Input returns the letters that are to be sent, a RECORD a line, the oldest first. Closing it ends
// the reading.
func (p *Plan) Input(ctx context.Context) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(p.eachSent(ctx, func(line []byte, _ place) error {
			_, err := w.Write(append(line, '\n'))
			return err
		}))
	}()
	return r
}
