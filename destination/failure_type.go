package destination

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/bucket"
	"destination-webhook/destination/config"
	"destination-webhook/destination/delivery"
	"destination-webhook/destination/failure"
	"destination-webhook/destination/postgres"
	"destination-webhook/destination/snapshot"
	"destination-webhook/protocol"
)

// failureType returns what an error means to the platform: config errors end its retries, transient
// ones invite them.
func failureType(err error) protocol.FailureType {
	if marked, ok := failure.TypeOf(err); ok {
		return marked
	}
	if c := (*config.Error)(nil); errors.As(err, &c) {
		return protocol.ConfigError
	}
	if f := (*delivery.Failure)(nil); errors.As(err, &f) {
		switch f.Kind {
		case answer.Misconfigured, answer.Refused, answer.TooLarge:
			return protocol.ConfigError
		case answer.Transient, answer.Severed:
			return protocol.TransientError
		}
	}
	return storeFailure(err)
}

// storeFailure returns what an error of a snapshot or a dead-letter store means. Other errors of
// the network are those of delivery.
func storeFailure(err error) protocol.FailureType {
	var (
		refused     *bucket.Refused
		certificate *tls.CertificateVerificationError
		host        *net.DNSError
		connection  *net.OpError
	)
	switch {
	case errors.Is(err, bucket.ErrConflict), errors.Is(err, snapshot.ErrInUse), postgres.Transient(err):
		return protocol.TransientError // one sync at a time gets through
	case errors.As(err, &refused):
		if refused.Status >= 500 || refused.Status == http.StatusTooManyRequests || refused.Status == http.StatusRequestTimeout {
			return protocol.TransientError
		}
		return protocol.ConfigError
	case failure.IsPermanent(err), errors.As(err, &certificate), errors.As(err, &host) && host.IsNotFound:
		return protocol.ConfigError
	case errors.Is(err, bucket.ErrSilent), errors.As(err, &host), errors.As(err, &connection), errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return protocol.TransientError
	}
	return protocol.SystemError
}
