// Package failure says what an error means to the platform, and turns panics into errors. It knows
// no other room's errors.
package failure

import (
	"errors"

	"destination-webhook/protocol"
)

// typed is an error with its Airbyte failure type.
type typed struct {
	failureType protocol.FailureType
	err         error
}

func (t *typed) Error() string { return t.err.Error() }
func (t *typed) Unwrap() error { return t.err }

// Config marks err as one that only another config, catalog or endpoint puts right: the platform
// does not retry the sync.
func Config(err error) error { return &typed{protocol.ConfigError, err} }

// TypeOf returns the failure type that err was marked with; ok is false if it was not.
func TypeOf(err error) (t protocol.FailureType, ok bool) {
	if marked := (*typed)(nil); errors.As(err, &marked) {
		return marked.failureType, true
	}
	return "", false
}

// IsPermanent reports whether an error in the chain of err knows, by a method Permanent, that
// retrying is pointless: an address that may not be dialled, say, or a token that is refused.
func IsPermanent(err error) bool {
	var told interface {
		error
		Permanent() bool
	}
	return errors.As(err, &told) && told.Permanent()
}
