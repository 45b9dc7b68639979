package bucket

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"time"

	"destination-webhook/destination/failure"
)

// What a service may cost us that hangs, trickles or answers without end.
const (
	// stall is how long a request may go without a byte either way. Services keep an answer that
	// takes them longer alive with white space.
	stall = time.Minute
	// patience bounds a call with all its tries, and slowest adds time for what it moves, in bytes
	// a second.
	patience = 5 * time.Minute
	slowest  = 64 << 10
	// maxAnswer bounds all answers but objects, in bytes: a listing's page has a thousand names.
	maxAnswer = 2 << 20
	// maxObjects bounds a listing. A snapshot has as many notes as batches are sent between two
	// saves.
	maxObjects = 100_000
	// maxKey is how long an object's key is in S3, in bytes.
	maxKey = 1024
)

var (
	// ErrSilent is the error of a service that did not answer in time.
	ErrSilent = errors.New("the service did not answer in time: check its health and the network")
	// errTooLarge is the error of an answer that is larger than it can rightly be.
	errTooLarge = errors.New("the service sent more than was asked for")
)

// bounded gives a call that moves size bytes its deadline.
func bounded(ctx context.Context, size int64) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithTimeoutCause(ctx, patience+time.Duration(max(size, 0)/slowest)*time.Second, ErrSilent)
	ctx, giveUp := context.WithCancelCause(ctx)
	return context.WithValue(ctx, giveUpKey{}, giveUp), func() { giveUp(nil); stop() }
}

// giveUpKey is where a call's context has the function that ends its tries.
type giveUpKey struct{}

// watching ends requests that stall, and answers that do not end.
type watching struct{ base http.RoundTripper }

func (t watching) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	w := &watch{
		left: maxAnswer, timer: time.AfterFunc(stall, func() { cancel(ErrSilent) }),
		cause: func() error { return context.Cause(ctx) }, cancel: cancel,
	}
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &sent{r.Body, w}
	}
	answer, err := t.base.RoundTrip(r)
	if err != nil {
		w.end()
		if giveUp, ok := r.Context().Value(giveUpKey{}).(context.CancelCauseFunc); ok && failure.IsPermanent(err) {
			giveUp(err)
		}
		return nil, w.told(err)
	}
	if r.Method == http.MethodGet && r.URL.RawQuery == "" && answer.StatusCode < 300 {
		w.left = math.MaxInt64 // an object, which Fetch bounds
	}
	answer.Body = &received{answer.Body, w}
	return answer, nil
}

// watch is what is known of one request.
type watch struct {
	left   int64 // bytes that may yet be received
	timer  *time.Timer
	cause  func() error // why the request was ended
	cancel context.CancelCauseFunc
}

// moved notes that n bytes went over the connection.
func (w *watch) moved(n int) {
	if n > 0 {
		w.timer.Reset(stall)
	}
}

// told is err, or why the request was ended.
func (w *watch) told(err error) error {
	if errors.Is(w.cause(), ErrSilent) {
		return ErrSilent
	}
	return err
}

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// sent is a request's body.
type sent struct {
	io.ReadCloser
	*watch
}

func (s *sent) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.moved(n)
	return n, err
}

// received is an answer's body.
type received struct {
	io.ReadCloser
	*watch
}

func (r *received) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.moved(n)
	if r.left -= int64(n); r.left < 0 {
		return 0, errTooLarge
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.told(err)
	}
	return n, err
}

func (r *received) Close() error {
	r.end()
	return r.ReadCloser.Close()
}
