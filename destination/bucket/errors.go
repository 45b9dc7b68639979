package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"destination-webhook/destination/failure"

	"github.com/minio/minio-go/v7"
)

var (
	// ErrNotFound is the error of an object that does not exist.
	ErrNotFound = errors.New("there is no such object")
	// ErrConflict is the error of a conditional write that came second.
	ErrConflict = errors.New("another writer was first")
)

// Refused is the service's own answer. Its message is left out: it is the other side's text and may
// repeat what we sent.
type Refused struct {
	Status int
	Code   string // of S3, such as AccessDenied
}

func (e *Refused) Error() string {
	return fmt.Sprintf("refused with status %d, %s", e.Status, e.Code)
}

func (b *Bucket) fail(ctx context.Context, doing, name string, err error) error {
	if cause := context.Cause(ctx); cause != nil && (!answered(err) || errors.Is(cause, ErrSilent) || failure.IsPermanent(cause)) {
		err = cause // whatever the library calls the end of its context
	}
	return fmt.Errorf("%s %s in %s: %w", doing, name, b, plain(err))
}

// answered reports whether an error is a whole answer of the service. The library makes one with no
// status, or that of a success, of an answer that it could not read.
func answered(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) && answer.StatusCode >= http.StatusMultipleChoices
}

// plain reduces an error to what may be shown. The library's errors carry URLs and the service's
// text.
func plain(err error) error {
	var answer minio.ErrorResponse
	if errors.As(err, &answer) {
		return fromAnswer(answer)
	}
	var inURL *url.Error
	if errors.As(err, &inURL) {
		return inURL.Err
	}
	return err
}

func fromAnswer(answer minio.ErrorResponse) error {
	switch {
	case answer.Code == minio.NoSuchKey:
		return ErrNotFound
	// 409 is Amazon's answer when two conditional writes of one object overlap.
	case answer.StatusCode == http.StatusPreconditionFailed, answer.StatusCode == http.StatusConflict,
		answer.Code == minio.PreconditionFailed:
		return ErrConflict
	}
	return &Refused{Status: answer.StatusCode, Code: code(answer.Code)}
}

// code is the service's code if it looks like one, see Refused.
func code(text string) string {
	if len(text) > 64 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) || r > unicode.MaxASCII }) {
		return "without a code of S3"
	}
	return text
}
