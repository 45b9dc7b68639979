package auth

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxNames is how many names of a wrong certificate are shown; some have hundreds.
const maxNames = 5

// advice names the settings that a kind of connection depends on.
type advice struct{ name, authority, handshake string }

var (
	ofEndpoint = advice{"check the URL, or set tls.server_name", "put the authority's certificate in tls.ca_certificate", "check tls.client_certificate and tls.min_version"}
	ofTokens   = advice{"check authentication.token_url", "put the authority's certificate in authentication.ca_certificate", "check authentication.token_url"}
	ofOthers   = advice{"check the address", "the system has to trust it", "check the address"}
)

// describeTLSError explains a certificate or TLS problem of the endpoint in one line and says what
// to do. It reports false for other errors. Text from a certificate is quoted, so that it cannot
// forge a message.
func describeTLSError(err error) (string, bool) { return ofEndpoint.describe(err) }

// DescribeServersTLSError is describeTLSError for another server than an endpoint.
func DescribeServersTLSError(err error) (string, bool) { return ofOthers.describe(err) }

func (a advice) describe(err error) (string, bool) {
	var (
		name      x509.HostnameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		alert     *net.OpError
	)
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("the certificate is for %s, not for %q: %s", certificateNames(name.Certificate), name.Host, a.name), true
	case errors.As(err, &authority):
		return fmt.Sprintf("the certificate%s is not signed by a known authority: %s", issuedBy(authority.Cert), a.authority), true
	case errors.As(err, &invalid):
		return describeInvalid(invalid), true
	case errors.As(err, &record):
		return "the endpoint does not speak TLS on this port: check the port, or whether the URL begins with http://", true
	case errors.As(err, &alert) && alert.Op == "remote error" && alert.Err.Error() != internalError:
		return fmt.Sprintf("the endpoint ended the TLS handshake (%s): %s", strings.TrimPrefix(alert.Err.Error(), "tls: "), a.handshake), true
	}
	return "", false
}

// internalError is the one alert that may not recur (RFC 8446, section 6.2). crypto/tls has no
// exported type for an alert received over TCP: it is a net.OpError whose Op is "remote error".
const internalError = "tls: internal error"

func describeInvalid(e x509.CertificateInvalidError) string {
	now := time.Now()
	switch {
	case e.Reason == x509.Expired && e.Cert != nil && now.Before(e.Cert.NotBefore):
		return "the certificate is not valid before " + e.Cert.NotBefore.UTC().Format(time.DateTime) + " UTC: check the clock, or wait"
	case e.Reason == x509.Expired && e.Cert != nil:
		return "the certificate expired on " + e.Cert.NotAfter.UTC().Format(time.DateTime) + " UTC: the endpoint has to renew it"
	}
	return fmt.Sprintf("the certificate is not valid: %s: the endpoint has to renew it", quoted(e.Error()))
}

func certificateNames(certificate *x509.Certificate) string {
	if certificate == nil {
		return "another name"
	}
	names := append([]string(nil), certificate.DNSNames...)
	for _, ip := range certificate.IPAddresses {
		names = append(names, net.IP.String(ip))
	}
	if len(names) == 0 {
		return "no host name at all"
	}
	more := ""
	if len(names) > maxNames {
		more = fmt.Sprintf(" and %d more", len(names)-maxNames)
		names = names[:maxNames]
	}
	for i, name := range names {
		names[i] = quoted(name)
	}
	return strings.Join(names, ", ") + more
}

func issuedBy(certificate *x509.Certificate) string {
	if certificate == nil {
		return ""
	}
	return fmt.Sprintf(" %s, issued by %s,", quoted(certificate.Subject.String()), quoted(certificate.Issuer.String()))
}

// maxName is the longest text of a certificate that is shown, in bytes; a DNS name has at most 253.
const maxName = 253

// quoted shows a text of a certificate, or only its length if it is too long. It does not cut:
// secrets are masked later, and half a secret would not be recognised.
func quoted(text string) string {
	if len(text) > maxName {
		return fmt.Sprintf("a name of %d bytes", len(text))
	}
	return strconv.Quote(text)
}

// NewPlainTransport returns a transport that describes certificate errors as [describeTLSError]
// does, for connections without credentials and TLS settings of their own.
func NewPlainTransport(base http.RoundTripper) http.RoundTripper {
	return &tlsErrorTransport{base, ofOthers}
}

// tlsErrorTransport replaces the text of TLS errors by their description.
type tlsErrorTransport struct {
	base   http.RoundTripper
	advice advice
}

func (t *tlsErrorTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	response, err := t.base.RoundTrip(req)
	if err == nil {
		return response, nil
	}
	if text, ok := t.advice.describe(err); ok {
		return nil, &tlsError{text, err}
	}
	return response, err
}

type tlsError struct {
	text string
	err  error
}

func (e *tlsError) Error() string { return e.text }
func (e *tlsError) Unwrap() error { return e.err }
