package bucket

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
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
	Status int    // 0 if the answer could not be read
	Code   string // of S3, such as AccessDenied
}

func (e *Refused) Error() string {
	if e.Status == 0 {
		return "the answer is not one of S3: check that the endpoint is that of an S3 service"
	}
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
	if unreadable(err) {
		return &Refused{}
	}
	return err
}

// unreadable reports whether an error is one of parsing an answer. Such an error repeats the
// service's text.
func unreadable(err error) bool {
	var (
		syntax  *xml.SyntaxError
		element xml.UnmarshalError
		number  *strconv.NumError
		moment  *time.ParseError
	)
	return errors.Is(err, io.EOF) || // it is empty
		errors.As(err, &syntax) || errors.As(err, &element) || errors.As(err, &number) || errors.As(err, &moment)
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
