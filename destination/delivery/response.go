package delivery

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"destination-webhook/destination/answer"
)

const (
	// maxAnswer bounds what is read of an answer's body, in bytes.
	maxAnswer = 64 << 10
	// MaxObject bounds what is read of a body that may have verdicts on single rows, which are of
	// use only as a whole.
	MaxObject = answer.MaxBody
	// maxDrain is what is read past maxAnswer, and thrown away, to keep a connection. The
	// connection of a longer answer is closed.
	maxDrain = 256<<10 - maxAnswer
	// maxDrainTime bounds it in time: a connection is not worth more.
	maxDrainTime = time.Second
)

// errHalfAnswer is an answer that ends before its Content-Length.
var errHalfAnswer = errors.New("the connection ended in the middle of the answer")

// read returns the beginning of an answer's body, and keeps the connection if the rest is short.
// cut is set if there was a rest.
func read(res *http.Response, rules *answer.Rules, cancel func()) (data []byte, cut bool, err error) {
	defer res.Body.Close()
	if res.ContentLength == 0 {
		return nil, false, nil
	}
	data, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	switch {
	case err != nil || len(data) < maxAnswer:
	case rules.ReadsWhole(res.StatusCode, data):
		data, cut, err = readOn(data, res.Body)
	default:
		cut = drain(res.Body, cancel)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errHalfAnswer
	}
	return data, cut, err
}

// readOn reads on after the beginning of a body.
func readOn(begin []byte, body io.Reader) (data []byte, cut bool, err error) {
	var b bytes.Buffer
	b.Write(begin)
	_, err = b.ReadFrom(io.LimitReader(body, MaxObject-maxAnswer+1))
	if b.Len() > MaxObject {
		b.Truncate(MaxObject)
		cut = true
	}
	return b.Bytes(), cut, err
}

// drain reads the rest of a body if it is short, and reports whether there was one.
func drain(body io.Reader, cancel func()) bool {
	timer := time.AfterFunc(maxDrainTime, cancel)
	defer func() {
		if !timer.Stop() {
			cancel() // before this returns, so that nobody uses again what it ends
		}
	}()
	n, err := io.CopyN(io.Discard, body, maxDrain)
	return n > 0 || !errors.Is(err, io.EOF)
}
