package destination

import (
	"errors"
	"fmt"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/delivery"
	"destination-webhook/protocol"
)

// failure is an error with what it means to the platform. Errors without one are system errors.
type failure struct {
	kind protocol.FailureType
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func configError(err error) error { return &failure{protocol.ConfigError, err} }

// failureType is what an error means to the platform: config errors end its retries, transient ones invite them.
func failureType(err error) protocol.FailureType {
	if f := (*failure)(nil); errors.As(err, &f) {
		return f.kind
	}
	if c := (*ConfigError)(nil); errors.As(err, &c) {
		return protocol.ConfigError
	}
	if k := (*missingKey)(nil); errors.As(err, &k) {
		return protocol.ConfigError
	}
	if f := (*delivery.Failure)(nil); errors.As(err, &f) {
		switch f.Kind {
		case delivery.Misconfigured, delivery.Refused, delivery.TooLarge:
			return protocol.ConfigError
		case delivery.Transient:
			return protocol.TransientError
		}
	}
	if errors.Is(err, bucket.ErrSilent) {
		return protocol.TransientError
	}
	return protocol.SystemError
}

// placeError is an error of opening a store: a wrong setting, unless the store is there and does not answer.
func placeError(err error) error {
	if errors.Is(err, bucket.ErrSilent) {
		return err
	}
	return configError(err)
}

// redacted is err with its text masked; redact is nil as long as no secret is known.
func redacted(err error, redact func(string) string) error {
	if redact == nil {
		return err
	}
	return &masked{redact(err.Error()), err}
}

type masked struct {
	text string
	err  error
}

func (m *masked) Error() string { return m.text }
func (m *masked) Unwrap() error { return m.err }

// undelivered says which stream's batch an error is about.
func undelivered(r *route, rows int, err error) error {
	return fmt.Errorf("stream %s: a batch of %d rows was not delivered: %w", r.title(), rows, err)
}
