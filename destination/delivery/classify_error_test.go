package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"destination-webhook/destination/answer"
	"destination-webhook/destination/transport"
)

type knows bool

func (knows) Error() string     { return "token" }
func (k knows) Permanent() bool { return bool(k) }

func TestClassifyError(t *testing.T) {
	dialing := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, test := range []struct {
		name string
		err  error
		want answer.Kind
	}{
		{"refused", dialing(syscall.ECONNREFUSED), answer.Transient},
		{"reset", dialing(syscall.ECONNRESET), answer.Transient},
		{"EOF", io.EOF, answer.Transient},
		{"half an answer", io.ErrUnexpectedEOF, answer.Transient},
		{"timeout", context.DeadlineExceeded, answer.Transient},
		{"network timeout", dialing(syscall.ETIMEDOUT), answer.Transient},
		{"unreachable", dialing(syscall.EHOSTUNREACH), answer.Transient},
		{"something else", errors.New("something else"), answer.Transient},
		{"no such host", dialing(&net.DNSError{IsNotFound: true}), answer.Misconfigured},
		{"DNS not answering", dialing(&net.DNSError{IsTemporary: true}), answer.Transient},
		{"DNS says not found, perhaps", dialing(&net.DNSError{IsNotFound: true, IsTemporary: true}), answer.Transient},
		{"DNS timeout", dialing(&net.DNSError{IsTimeout: true}), answer.Transient},
		{"certificate", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, answer.Misconfigured},
		{"unknown authority", x509.UnknownAuthorityError{}, answer.Misconfigured},
		{"host name", x509.HostnameError{Certificate: &x509.Certificate{}}, answer.Misconfigured},
		{"expired", x509.CertificateInvalidError{Reason: x509.Expired}, answer.Misconfigured},
		{"alert: bad certificate", &net.OpError{Op: "remote error", Err: tls.AlertError(42)}, answer.Misconfigured},
		{"alert: internal error", &net.OpError{Op: "remote error", Err: tls.AlertError(80)}, answer.Transient},
		{"not TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, answer.Misconfigured},
		{"plain HTTP", errors.New("http: server gave HTTP response to HTTPS client"), answer.Misconfigured},
		{"no common version", errors.New("tls: server selected unsupported protocol version 301"), answer.Misconfigured},
		{"address not allowed", dialing(&transport.Refused{Err: errors.New("prohibited")}), answer.Misconfigured},
		{"token refused", fmt.Errorf("token: %w", knows(true)), answer.Misconfigured},
		{"token endpoint down", fmt.Errorf("token: %w", knows(false)), answer.Transient},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := classifyError(test.err); got.Kind != test.want || got.Advice == "" {
				t.Errorf("got %v (%s), want %v", got.Kind, got.Advice, test.want)
			}
		})
	}
}
