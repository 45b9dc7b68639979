package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"destination-webhook/destination/answer"
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
		{"address not allowed", dialing(&refusedAddress{errors.New("prohibited")}), answer.Misconfigured},
		{"proxy wants a password", &proxyAnswer{407}, answer.Misconfigured},
		{"proxy is down", &proxyAnswer{503}, answer.Transient},
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

func TestDialErrorsTellNothingOfTheNetwork(t *testing.T) {
	inner := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 443}
	for name, cause := range map[string]error{
		"refused":     &refusedAddress{errors.New("its address is private")},
		"name server": &net.DNSError{Name: "inner.test", Server: "10.0.0.7:53", IsTimeout: true},
	} {
		err := outward(&net.OpError{Op: "dial", Net: "tcp", Addr: inner, Err: cause}, nil)
		if strings.Contains(err.Error(), "10.0.0.7") || classifyError(err) != classifyError(cause) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// If users must not learn which names exist, one that does not looks like one that is refused.
func TestDialErrorsTellNoNames(t *testing.T) {
	refusal := errors.New("it leads to no public address")
	show := func(cause, unresolved error) string {
		err := outward(&net.OpError{Op: "dial", Net: "tcp", Err: cause}, unresolved)
		return fmt.Sprint(classifyError(err), err)
	}
	missing := &net.DNSError{Name: "inner.test", Err: "no such host", IsNotFound: true}
	if got, want := show(missing, refusal), show(&refusedAddress{refusal}, refusal); got != want {
		t.Errorf("a name that does not exist shows as %s, a refused one as %s", got, want)
	}
	if got := show(missing, nil); !strings.Contains(got, "no such host") {
		t.Errorf("a name that does not exist shows as %s", got)
	}
	busy := &net.DNSError{Name: "inner.test", Err: "server misbehaving", IsTemporary: true}
	if got := show(busy, refusal); !strings.Contains(got, "server misbehaving") {
		t.Errorf("a lookup that may succeed later shows as %s", got)
	}
}
