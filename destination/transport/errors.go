package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
)

// Refused is the error of an address that Options.Control does not allow.
type Refused struct{ Err error }

func (e *Refused) Error() string { return e.Err.Error() }

// Unwrap returns what Options.Control said.
func (e *Refused) Unwrap() error { return e.Err }

// Permanent reports that no retry helps.
func (e *Refused) Permanent() bool { return true }

// IsCertificate reports whether the certificate of the other side is not trusted.
func IsCertificate(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		roots        x509.SystemRootsError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) ||
		errors.As(err, &invalid) || errors.As(err, &roots)
}

// alertInternalError is the one alert of RFC 8446, section 6, that a second handshake may not
// cause.
const alertInternalError = tls.AlertError(80)

// IsTLS reports whether a handshake failed in a way that it would fail again. crypto/tls and
// net/http have no types for most of these faults, only texts.
func IsTLS(err error) bool {
	var (
		alert  tls.AlertError
		record tls.RecordHeaderError
	)
	if errors.As(err, &alert) {
		return alert != alertInternalError
	}
	text := innermost(err).Error()
	return errors.As(err, &record) || strings.HasPrefix(text, "tls: ") ||
		strings.Contains(text, "server gave HTTP response to HTTPS client")
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
